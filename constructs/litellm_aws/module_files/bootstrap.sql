DO $bootstrap$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${user}') THEN
    CREATE USER "${user}";
  END IF;
END
$bootstrap$;
GRANT rds_iam TO "${user}";
GRANT ALL PRIVILEGES ON DATABASE "${database}" TO "${user}";
GRANT ALL ON SCHEMA public TO "${user}";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO "${user}";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO "${user}";
