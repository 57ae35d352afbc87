-- Stand-ins for tables that the warehouse does not have yet.
CREATE SCHEMA IF NOT EXISTS absent
