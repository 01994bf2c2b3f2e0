"""Input to try the system with: a real shop's invoices as events (``online_retail``) and a made-up month (``generated``)."""
