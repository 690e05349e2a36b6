"""The engine: clips to views, views to records, which are kept so that a killed run can be resumed."""
