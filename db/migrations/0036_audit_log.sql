-- Up Migration

/*
 * What a user of an organization may do, by role. The rows are the rule: to change it, a migration changes them.
 * The operator, who runs scripts in Windmill and is nobody's user, is not bound by it.
 */
create table role_permissions (
  role text not null check (role in ('owner', 'admin', 'member')),
  action text not null check (action ~ '^[a-z_]+$'),
  primary key (role, action)
);

comment on table role_permissions is 'What each role of a dashboard login may do.';

grant select on role_permissions to chatbot_app;

insert into role_permissions (role, action)
select role, action
from (values
  ('take_over_conversation', array['owner', 'admin', 'member']),
  ('give_back_conversation', array['owner', 'admin', 'member']),
  ('block_contact',          array['owner', 'admin', 'member']),
  ('unblock_contact',        array['owner', 'admin', 'member']),
  ('acknowledge_alert',      array['owner', 'admin', 'member']),
  ('upload_document',        array['owner', 'admin']),
  ('delete_document',        array['owner', 'admin']),
  ('approve_tools',          array['owner', 'admin']),
  ('set_credentials',        array['owner', 'admin']),
  ('export_contact',         array['owner', 'admin']),
  -- what cannot be taken back, and who may log in, is the owner's
  ('erase_contact',          array['owner']),
  ('manage_users',           array['owner'])
) as permissions (action, roles), unnest(roles) as role;

create function is_permitted(p_user_id uuid, p_action text) returns boolean
  language sql stable
  as $$
    select exists (
      select from users u join role_permissions p on p.role = u.role
      where u.id = p_user_id and p.action = p_action
    )
  $$;

revoke all on function is_permitted(uuid, text) from public;
grant execute on function is_permitted(uuid, text) to chatbot_app;

comment on function is_permitted(uuid, text) is 'Whether the role of this user of the organization allows the action.';

create table audit_log (
  id bigint generated always as identity primary key,
  -- null: about the installation and no tenant
  organization_id uuid references organizations (id) on delete cascade,
  action text not null,
  -- on whose behalf the dashboard asked; null: the operator, in Windmill
  user_id uuid,
  -- Windmill's login that ran the script
  windmill_user text not null default '',
  job_id text,
  -- what it was done to: its table and id, never a name or a number, since this log outlives an erasure
  subject_table text not null,
  subject_id text not null,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  created_at timestamptz not null default now(),
  foreign key (organization_id, user_id) references users (organization_id, id) on delete set null (user_id)
);

comment on table audit_log is 'Who did what by hand, in the dashboard or in Windmill. Nothing in it is changed or deleted.';

create index audit_log_organization_idx on audit_log (organization_id, created_at);
create index audit_log_user_idx on audit_log (organization_id, user_id) where user_id is not null;

alter table audit_log enable row level security;
alter table audit_log force row level security;

-- An entry without an organization is about the installation: any script may write it, no tenant can read it.
create policy tenant_isolation on audit_log
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()) or organization_id is null);

grant select, insert on audit_log to chatbot_app;

-- Down Migration

drop table audit_log;
drop function is_permitted(uuid, text);
drop table role_permissions;
