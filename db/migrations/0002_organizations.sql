-- Up Migration

create table organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null check (name <> ''),
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]*$'),
  -- billing periods begin at local midnight
  timezone text not null default 'UTC',
  is_active boolean not null default true,
  -- per billing period; null means unlimited
  message_limit integer check (message_limit >= 0),
  token_limit bigint check (token_limit >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table organizations is 'A tenant: a business whose chatbots we run.';

alter table organizations enable row level security;
alter table organizations force row level security;

create policy tenant_isolation on organizations
  using (id = (select current_organization_id()))
  with check (id = (select current_organization_id()));

grant select on organizations to chatbot_app;

create table users (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations (id) on delete cascade,
  email text not null check (email like '%_@_%'),
  name text not null default '',
  role text not null default 'member' check (role in ('owner', 'admin', 'member')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id)
);

-- per organization: a global unique address would tell one tenant who another tenant's users are
create unique index users_organization_email_key on users (organization_id, lower(email));

comment on table users is 'Who may log in to an organization''s dashboard.';

alter table users enable row level security;
alter table users force row level security;

create policy tenant_isolation on users
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on users to chatbot_app;

-- Down Migration

drop table users;
drop table organizations;
