"""HTTP faces of the service: the door for webhooks, health and status pages. They render what app gives them."""
