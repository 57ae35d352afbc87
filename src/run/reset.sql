-- A fresh workspace for each pipeline.
USE memory.main;
DROP SCHEMA IF EXISTS ws CASCADE;
DROP SCHEMA IF EXISTS absent CASCADE
