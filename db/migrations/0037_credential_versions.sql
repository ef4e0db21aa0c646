-- Up Migration

/*
 * Which key each credential is sealed with, so that a rotation finds what is left to seal again without a role
 * that sees the envelopes of every tenant.
 */
alter table chatbots
  add column whatsapp_access_token_key text generated always as (whatsapp_access_token ->> 'v') stored;

alter table org_integrations
  add column credentials_key text generated always as (credentials ->> 'v') stored;

comment on column chatbots.whatsapp_access_token_key is 'Version of the key that sealed the token.';
comment on column org_integrations.credentials_key is 'Version of the key that sealed the credentials.';

create policy routing on org_integrations for select to chatbot_router using (true);
grant select (whatsapp_access_token_key) on chatbots to chatbot_router;
grant select (id, organization_id, credentials_key) on org_integrations to chatbot_router;

create function credentials_to_rotate(p_key_version text)
  returns table (organization_id uuid, owner_table text, owner_id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id, 'chatbots', id from chatbots where whatsapp_access_token_key <> p_key_version
    union all
    select organization_id, 'org_integrations', id from org_integrations where credentials_key <> p_key_version
  $$;

alter function credentials_to_rotate(text) owner to chatbot_router;
revoke all on function credentials_to_rotate(text) from public;
grant execute on function credentials_to_rotate(text) to chatbot_app;

comment on function credentials_to_rotate(text) is 'The credentials that are sealed with another key than this one.';

create function integration_organization(p_integration_id uuid) returns uuid
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id from org_integrations where id = p_integration_id
  $$;

alter function integration_organization(uuid) owner to chatbot_router;
revoke all on function integration_organization(uuid) from public;
grant execute on function integration_organization(uuid) to chatbot_app;

comment on function integration_organization(uuid) is 'The tenant of an integration; null when there is no such integration.';

-- Down Migration

drop function integration_organization(uuid);
drop function credentials_to_rotate(text);
drop policy routing on org_integrations;
revoke select (id, organization_id, credentials_key) on org_integrations from chatbot_router;
revoke select (whatsapp_access_token_key) on chatbots from chatbot_router;
alter table org_integrations drop column credentials_key;
alter table chatbots drop column whatsapp_access_token_key;
