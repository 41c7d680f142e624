#!/bin/sh
# Runs once, when the cluster is made: the account of the E-Akte owns its database and nothing else.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set password `cat /run/secrets/database_password`
CREATE ROLE eakte LOGIN PASSWORD :'password';
CREATE DATABASE eakte OWNER eakte TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
REVOKE ALL ON DATABASE eakte FROM PUBLIC;
SQL
