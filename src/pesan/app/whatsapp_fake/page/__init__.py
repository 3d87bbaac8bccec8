"""The page: chat as a customer, watch what arrives, make things go wrong."""
