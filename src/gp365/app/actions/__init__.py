"""What gp365 can do, as functions with typed results that know nothing of terminals."""
