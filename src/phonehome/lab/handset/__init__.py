"""The simulated handset: builds as data, and an ordinary HTTP client that reaches loopback only."""
