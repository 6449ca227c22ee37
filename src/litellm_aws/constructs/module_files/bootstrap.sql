DO $salt_key$
DECLARE
  -- SHA-256 of the generated salt key; none; or own, for one in a secret that Terraform does not read.
  wanted CONSTANT text := '${salt_key}';
  database CONSTANT oid := (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database());
  noted CONSTANT text := substring(shobj_description(database, 'pg_database') FROM '^LITELLM_SALT_KEY: (\w+)$');
BEGIN
  IF wanted = coalesce(noted, 'none') THEN
    RETURN;
  END IF;
  IF wanted <> 'own' AND to_regclass('public."LiteLLM_ProxyModelTable"') IS NOT NULL THEN
    RAISE EXCEPTION 'a different salt key would make the credentials that LiteLLM has stored unreadable: undo the change of '
      'generate_salt_key, or set litellm_salt_key_secret_arn (docs/operations.md, "Salt key")';
  END IF;
  EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'LITELLM_SALT_KEY: ' || wanted);
END
$salt_key$;
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
