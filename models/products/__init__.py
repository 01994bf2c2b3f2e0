"""PRO-10 The products that members say they have, and for which of them there are benefits."""
