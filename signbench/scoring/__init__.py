"""The engine: clips to views, views to records, records kept so that a killed run goes on."""
