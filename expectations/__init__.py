"""Great Expectations: is every population complete, is every day of the period covered."""
