"""What every simulated system stands on: sockets, TLS, clock, recorder, faults and the control door."""
