-- Up Migration

-- Roles belong to the whole cluster, so a second database on the same server finds them there already.
-- Passwords are set by the installation (docker-compose, manage_db.sh), never by a migration.
do $$
begin
  -- what the Windmill steps log in as: row-level security applies to it
  if to_regrole('chatbot_app') is null then
    create role chatbot_app login nosuperuser nobypassrls;
  end if;
  -- what the ingress logs in as: it may execute two functions and read no table
  if to_regrole('chatbot_ingress') is null then
    create role chatbot_ingress login nosuperuser nobypassrls;
  end if;
  -- owns the few functions that run before a tenant is known; nobody logs in as it
  if to_regrole('chatbot_router') is null then
    create role chatbot_router nologin nosuperuser nobypassrls;
  end if;
exception
  when duplicate_object or unique_violation then
    null; -- another database of this cluster was migrating at the same moment and made them
end
$$;

-- "alter function … owner to" asks that the migrating role is a member of the new owner
-- and that the new owner may create in the schema.
do $$
begin
  if not pg_has_role('chatbot_router', 'member') then
    execute format('grant chatbot_router to %I', current_user);
  end if;
end
$$;

revoke create on schema public from public;
grant usage on schema public to chatbot_app, chatbot_ingress, chatbot_router;
grant create on schema public to chatbot_router;

create extension if not exists vector;

/*
 * The tenant of the running transaction. withTenant() sets it with set_config(…, is_local => true).
 * After such a transaction the setting is '' and not null, hence nullif: ''::uuid would be an error.
 */
create function current_organization_id() returns uuid
  language sql stable parallel safe
  set search_path = pg_catalog
  return nullif(current_setting('app.organization_id', true), '')::uuid;

comment on function current_organization_id() is
  'The organization whose rows this transaction may see; null when none is set, and then no row is visible.';

-- Down Migration

drop function current_organization_id();
-- where a superuser made the extension before the migrations ran, it is not ours to drop
do $$
begin
  if (select pg_has_role(extowner, 'usage') from pg_extension where extname = 'vector') then
    drop extension vector;
  end if;
end
$$;
revoke create on schema public from chatbot_router;
revoke usage on schema public from chatbot_app, chatbot_ingress, chatbot_router;
-- The roles stay: other databases of the cluster may depend on them.
