"""The clients' side of the gateway: their connections, and the requests on them."""
