"""The points programme (MS). Events in, rulings out; what to read where:

- `rules`: which function answers which event and deadline; `outcomes`: all answers there are, in order of precedence.
- One module per group of clauses: `membership` (MS-1, MS-2, MS-16), `earning` (MS-3 to MS-5), `redeeming` (MS-7 to MS-9),
  `returning` (MS-10), `undoing` (MS-13 to MS-15), `expiring` (MS-6, MS-17), `adjusting` (MS-18), `view` (MS-19).
- `keeping` says what of an order is gone, from the facts alone; `settling` moves the points there (MS-10 to MS-12).
- `books` is the one place that moves points (MS-11, MS-20), `lots` keeps them, `terms` has the numbers and the arithmetic.
"""
