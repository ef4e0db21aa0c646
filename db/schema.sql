-- What db/migrations make. Written by "npm run db:dump"; change a migration, not this file.

set check_function_bodies = off;

create role chatbot_app login nosuperuser nobypassrls;
create role chatbot_ingress login nosuperuser nobypassrls;
create role chatbot_router nologin nosuperuser nobypassrls;

grant usage on schema public to public;
grant usage on schema public to chatbot_app;
grant usage on schema public to chatbot_ingress;
grant create, usage on schema public to chatbot_router;

create extension vector;

CREATE OR REPLACE FUNCTION public.current_organization_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid;
comment on function current_organization_id() is 'The organization whose rows this transaction may see; null when none is set, and then no row is visible.';

create table organizations (
  id uuid default gen_random_uuid() not null,
  name text not null,
  slug text not null,
  timezone text default 'UTC'::text not null,
  is_active boolean default true not null,
  message_limit integer,
  token_limit bigint,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  cost_limit_usd numeric(14,8),
  source_limit integer default 1000,
  storage_limit_bytes bigint default '2147483648'::bigint,
  daily_upload_limit integer default 500,
  keep_messages_days integer default 365,
  keep_webhook_events_days integer default 30 not null,
  keep_logs_days integer default 90,
  keep_alerts_days integer default 180,
  constraint organizations_pkey PRIMARY KEY (id),
  constraint organizations_slug_key UNIQUE (slug),
  constraint organizations_cost_limit_usd_check CHECK (cost_limit_usd >= 0::numeric),
  constraint organizations_daily_upload_limit_check CHECK (daily_upload_limit >= 0),
  constraint organizations_keep_alerts_days_check CHECK (keep_alerts_days >= 1),
  constraint organizations_keep_logs_days_check CHECK (keep_logs_days >= 1),
  constraint organizations_keep_messages_days_check CHECK (keep_messages_days >= 1),
  constraint organizations_keep_webhook_events_days_check CHECK (keep_webhook_events_days >= 8),
  constraint organizations_message_limit_check CHECK (message_limit >= 0),
  constraint organizations_name_check CHECK (name <> ''::text),
  constraint organizations_slug_check CHECK (slug ~ '^[a-z0-9][a-z0-9-]*$'::text),
  constraint organizations_source_limit_check CHECK (source_limit >= 0),
  constraint organizations_storage_limit_bytes_check CHECK (storage_limit_bytes >= 0),
  constraint organizations_token_limit_check CHECK (token_limit >= 0)
);
comment on table organizations is 'A tenant: a business whose chatbots we run.';
comment on column organizations.message_limit is 'Answers in a billing period; null means no limit.';
comment on column organizations.token_limit is 'Tokens in a billing period; null means no limit. A turn is let in while the 60,000 that it may use are left.';
comment on column organizations.cost_limit_usd is 'USD for models in a billing period; null means no limit. A turn is let in while the 0.10 that it may cost are left.';
comment on column organizations.source_limit is 'How many knowledge sources its chatbots may have together; null: any number.';
comment on column organizations.storage_limit_bytes is 'How many bytes the files of its knowledge sources may have together; null: any number.';
comment on column organizations.daily_upload_limit is 'How many documents it may upload in a day of its time zone; null: any number.';
comment on column organizations.keep_messages_days is 'Messages, their files, replies and summaries are deleted after so many days; null keeps them.';
comment on column organizations.keep_webhook_events_days is 'What Meta posted is deleted after so many days.';
comment on column organizations.keep_logs_days is 'What tools were asked and answered is deleted after so many days; null keeps it.';
comment on column organizations.keep_alerts_days is 'Alerts are deleted after so many days; null keeps them.';
alter table organizations enable row level security;
alter table organizations force row level security;
create policy billing on organizations for select to chatbot_router using (true);
create policy tenant_isolation on organizations for all to public using (id = (( SELECT current_organization_id() AS current_organization_id))) with check (id = (( SELECT current_organization_id() AS current_organization_id)));
grant select on organizations to chatbot_app;
grant select (id) on organizations to chatbot_router;

create table users (
  id uuid default gen_random_uuid() not null,
  organization_id uuid not null,
  email text not null,
  name text default ''::text not null,
  role text default 'member'::text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint users_pkey PRIMARY KEY (id),
  constraint users_organization_id_id_key UNIQUE (organization_id, id),
  constraint users_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint users_email_check CHECK (email ~~ '%_@_%'::text),
  constraint users_role_check CHECK (role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text]))
);
comment on table users is 'Who may log in to an organization''s dashboard.';
CREATE UNIQUE INDEX users_organization_email_key ON users USING btree (organization_id, lower(email));
alter table users enable row level security;
alter table users force row level security;
create policy tenant_isolation on users for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on users to chatbot_app;

CREATE OR REPLACE FUNCTION public.is_credential_envelope(p_value jsonb)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((jsonb_typeof(p_value) = 'object'::text) AND (p_value ?& ARRAY['v'::text, 'iv'::text, 'tag'::text, 'data'::text]) AND ((p_value - ARRAY['v'::text, 'iv'::text, 'tag'::text, 'data'::text]) = '{}'::jsonb) AND ((p_value ->> 'iv'::text) ~ '^[A-Za-z0-9+/]{16}$'::text) AND ((p_value ->> 'tag'::text) ~ '^[A-Za-z0-9+/]{22}==$'::text) AND ((p_value ->> 'data'::text) ~ '^[A-Za-z0-9+/]+=*$'::text));
comment on function is_credential_envelope(jsonb) is 'Whether a value has the shape of an encrypted credential.';

create table chatbots (
  id uuid default gen_random_uuid() not null,
  organization_id uuid not null,
  name text not null,
  is_active boolean default true not null,
  phone_number_id text not null,
  display_phone_number text default ''::text not null,
  whatsapp_access_token jsonb,
  system_prompt text default ''::text not null,
  model text,
  history_messages integer default 20 not null,
  max_distance real default 0.75 not null,
  passages_per_search integer default 5 not null,
  text_search_language regconfig default 'english'::regconfig not null,
  debounce_seconds numeric(4,2) default 1.5 not null,
  answer_age_limit_seconds integer default 86400 not null,
  error_message text default 'Sorry, something went wrong on our side. Please try again in a moment.'::text not null,
  limit_message text default 'We cannot answer more messages this month. Please contact us another way.'::text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  handover_message text,
  fallback_models text[] default '{}'::text[] not null,
  history_tokens integer default 4000 not null,
  messages_per_second integer default 80 not null,
  paced_until timestamp with time zone,
  reply_template_name text,
  reply_template_language text,
  refused_access_token jsonb,
  keeps_media boolean default false not null,
  media_message text default 'Sorry, I can only read text messages here. Please write to me in words what it is about.'::text not null,
  turns_per_minute integer default 30,
  turns_per_hour integer default 200,
  slow_down_message text default 'You are writing faster than we can answer. Please wait a little before you write again.'::text not null,
  disabled_by_quota boolean default false not null,
  disabled_tools text[] default '{}'::text[] not null,
  facts jsonb default '{}'::jsonb not null,
  whatsapp_access_token_key text generated always as ((whatsapp_access_token ->> 'v'::text)) stored,
  model_prices jsonb default '{}'::jsonb not null,
  constraint chatbots_pkey PRIMARY KEY (id),
  constraint chatbots_organization_id_id_key UNIQUE (organization_id, id),
  constraint chatbots_phone_number_id_key UNIQUE (phone_number_id),
  constraint chatbots_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint chatbots_answer_age_limit_seconds_check CHECK (answer_age_limit_seconds > 0),
  constraint chatbots_debounce_seconds_check CHECK (debounce_seconds >= 0::numeric AND debounce_seconds <= 10::numeric),
  constraint chatbots_disabled_tools_are_built_in CHECK (disabled_tools <@ ARRAY['hand_over_to_human'::text, 'remember'::text, 'get_fact'::text]),
  constraint chatbots_facts_check CHECK (jsonb_typeof(facts) = 'object'::text),
  constraint chatbots_few_fallback_models CHECK (cardinality(fallback_models) <= 3 AND array_position(fallback_models, NULL::text) IS NULL AND NOT (''::text = ANY (fallback_models))),
  constraint chatbots_handover_message_check CHECK (handover_message <> ''::text),
  constraint chatbots_history_messages_check CHECK (history_messages >= 0 AND history_messages <= 200),
  constraint chatbots_history_tokens_check CHECK (history_tokens >= 0 AND history_tokens <= 100000),
  constraint chatbots_max_distance_check CHECK (max_distance >= 0::double precision AND max_distance <= 2::double precision),
  constraint chatbots_messages_per_second_check CHECK (messages_per_second >= 1 AND messages_per_second <= 1000),
  constraint chatbots_model_prices_are_whole CHECK (jsonb_typeof(model_prices) = 'object'::text AND jsonb_array_length(jsonb_path_query_array(model_prices, '$.*'::jsonpath)) = jsonb_array_length(jsonb_path_query_array(model_prices, 'strict $.*?((@."input" >= 0 && @."cachedInput" >= 0) && @."output" >= 0)'::jsonpath, '{}'::jsonb, true))),
  constraint chatbots_name_check CHECK (name <> ''::text),
  constraint chatbots_passages_per_search_check CHECK (passages_per_search >= 1 AND passages_per_search <= 20),
  constraint chatbots_phone_number_id_check CHECK (phone_number_id <> ''::text),
  constraint chatbots_refused_access_token_check CHECK (is_credential_envelope(refused_access_token)),
  constraint chatbots_reply_template_language_check CHECK (reply_template_language <> ''::text),
  constraint chatbots_reply_template_name_check CHECK (reply_template_name <> ''::text),
  constraint chatbots_turns_per_hour_check CHECK (turns_per_hour > 0),
  constraint chatbots_turns_per_minute_check CHECK (turns_per_minute > 0),
  constraint chatbots_whatsapp_access_token_check CHECK (is_credential_envelope(whatsapp_access_token)),
  constraint chatbots_whole_reply_template CHECK ((reply_template_name IS NULL) = (reply_template_language IS NULL))
);
comment on table chatbots is 'One business number on WhatsApp and how it answers.';
comment on column chatbots.paced_until is 'Until when the messages sent so far use up messages_per_second; each moves it on.';
comment on column chatbots.reply_template_name is 'Approved template for replies later than 24 hours after the contact wrote. Its body has one parameter, {{1}}: the reply, in one line. Null: such replies are not sent.';
comment on column chatbots.reply_template_language is 'The template''s language as Meta writes it, such as en_US.';
comment on column chatbots.refused_access_token is 'The access token that Meta refused. While it still is whatsapp_access_token, nothing is sent with it.';
comment on column chatbots.keeps_media is 'Whether the files that contacts send are stored. The model is then asked for a reply even when nothing was written.';
comment on column chatbots.media_message is 'The reply to files and voice messages without words, made without a model. Empty: they are not answered.';
comment on column chatbots.turns_per_minute is 'Answers that one contact may have in a minute before it is silenced; null means no limit.';
comment on column chatbots.turns_per_hour is 'Answers that one contact may have in an hour before it is silenced; null means no limit.';
comment on column chatbots.slow_down_message is 'Sent once when a contact is silenced for writing too much; empty means nothing is said.';
comment on column chatbots.disabled_by_quota is 'Switched off because the organization''s quota is used up, and switched on again with the next period or a higher limit; meanwhile the limit message is sent.';
comment on column chatbots.disabled_tools is 'The built-in tools that this chatbot does not have.';
comment on column chatbots.facts is 'What the tool get_fact tells, by name: {"opening_hours": "Monday to Friday, 9 to 17"}. Names are lower-case words joined by _.';
comment on column chatbots.whatsapp_access_token_key is 'Version of the key that sealed the token.';
comment on column chatbots.model_prices is 'What is paid for a model instead of the list price, by the model''s id: {"gpt-6-luna": {"input", "cachedInput", "output"}}, in USD per million tokens.';
CREATE INDEX chatbots_organization_id_idx ON chatbots USING btree (organization_id);
alter table chatbots enable row level security;
alter table chatbots force row level security;
create policy routing on chatbots for select to chatbot_router using (true);
create policy tenant_isolation on chatbots for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on chatbots to chatbot_app;
grant select (id, organization_id, phone_number_id, debounce_seconds, reply_template_name, whatsapp_access_token_key) on chatbots to chatbot_router;

CREATE OR REPLACE FUNCTION public.chatbot_organization(p_chatbot_id uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id from chatbots where id = p_chatbot_id
  $function$;
alter function chatbot_organization(uuid) owner to chatbot_router;
revoke all on function chatbot_organization(uuid) from public;
grant execute on function chatbot_organization(uuid) to chatbot_app;
comment on function chatbot_organization(uuid) is 'The tenant of a chatbot; null when there is no such chatbot.';

create table org_integrations (
  id uuid default gen_random_uuid() not null,
  organization_id uuid not null,
  kind text not null,
  name text not null,
  settings jsonb default '{}'::jsonb not null,
  credentials jsonb,
  is_active boolean default true not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  credentials_key text generated always as ((credentials ->> 'v'::text)) stored,
  constraint org_integrations_pkey PRIMARY KEY (id),
  constraint org_integrations_organization_id_id_key UNIQUE (organization_id, id),
  constraint org_integrations_organization_id_name_key UNIQUE (organization_id, name),
  constraint org_integrations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint org_integrations_credentials_check CHECK (is_credential_envelope(credentials)),
  constraint org_integrations_kind_check CHECK (kind = ANY (ARRAY['mcp'::text, 'windmill_script'::text])),
  constraint org_integrations_name_check CHECK (name ~ '^[a-z][a-z0-9_]{0,31}$'::text),
  constraint org_integrations_settings_check CHECK (jsonb_typeof(settings) = 'object'::text)
);
comment on table org_integrations is 'Something outside that offers tools: an MCP server, a Windmill script.';
comment on column org_integrations.credentials_key is 'Version of the key that sealed the credentials.';
alter table org_integrations enable row level security;
alter table org_integrations force row level security;
create policy routing on org_integrations for select to chatbot_router using (true);
create policy tenant_isolation on org_integrations for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on org_integrations to chatbot_app;
grant select (id, organization_id, credentials_key) on org_integrations to chatbot_router;

create table chatbot_integrations (
  organization_id uuid not null,
  chatbot_id uuid not null,
  integration_id uuid not null,
  permission text default 'read'::text not null,
  is_enabled boolean default true not null,
  created_at timestamp with time zone default now() not null,
  constraint chatbot_integrations_pkey PRIMARY KEY (chatbot_id, integration_id),
  constraint chatbot_integrations_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint chatbot_integrations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint chatbot_integrations_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES org_integrations(organization_id, id) ON DELETE CASCADE,
  constraint chatbot_integrations_permission_check CHECK (permission = ANY (ARRAY['read'::text, 'write'::text]))
);
comment on table chatbot_integrations is 'Which integrations a chatbot may use, and whether their tools may write.';
CREATE INDEX chatbot_integrations_integration_idx ON chatbot_integrations USING btree (organization_id, integration_id);
alter table chatbot_integrations enable row level security;
alter table chatbot_integrations force row level security;
create policy tenant_isolation on chatbot_integrations for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on chatbot_integrations to chatbot_app;

create table contacts (
  id uuid default gen_random_uuid() not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  bsuid text,
  phone text,
  profile_name text default ''::text not null,
  conversation_mode text default 'auto'::text not null,
  is_blocked boolean default false not null,
  variables jsonb default '{}'::jsonb not null,
  limit_notice_period date,
  last_message_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  unread_count integer default 0 not null,
  taken_over_at timestamp with time zone,
  taken_over_by uuid,
  given_back_at timestamp with time zone,
  paced_until timestamp with time zone,
  silenced_until timestamp with time zone,
  penalties integer default 0 not null,
  loop_points integer default 0 not null,
  summary text default ''::text not null,
  summary_until_message_id bigint,
  erased_at timestamp with time zone,
  constraint contacts_pkey PRIMARY KEY (id),
  constraint contacts_organization_id_id_key UNIQUE (organization_id, id),
  constraint contacts_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint contacts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint contacts_taken_over_by_fkey FOREIGN KEY (organization_id, taken_over_by) REFERENCES users(organization_id, id) ON DELETE SET NULL (taken_over_by),
  constraint contacts_bsuid_check CHECK (bsuid <> ''::text),
  constraint contacts_check CHECK (bsuid IS NOT NULL OR phone IS NOT NULL),
  constraint contacts_conversation_mode_check CHECK (conversation_mode = ANY (ARRAY['auto'::text, 'manual'::text])),
  constraint contacts_erased_is_empty CHECK (erased_at IS NULL OR phone IS NULL AND profile_name = ''::text AND variables = '{}'::jsonb AND summary = ''::text AND bsuid = ('erased:'::text || id)),
  constraint contacts_loop_points_check CHECK (loop_points >= 0),
  constraint contacts_penalties_check CHECK (penalties >= 0),
  constraint contacts_phone_check CHECK (phone <> ''::text),
  constraint contacts_summary_check CHECK (length(summary) <= 4000),
  constraint contacts_summary_is_whole CHECK ((summary = ''::text) = (summary_until_message_id IS NULL)),
  constraint contacts_unread_count_check CHECK (unread_count >= 0),
  constraint contacts_variables_check CHECK (jsonb_typeof(variables) = 'object'::text)
);
comment on table contacts is 'A person who writes to a chatbot. The row''s lock orders everything said in the conversation.';
comment on column contacts.variables is 'What the contact told us, by name: {"email": "…"}. Text, at most 30 names of 40 characters and 500 characters each (f/chat/contact_variables.ts).';
comment on column contacts.taken_over_by is 'Null although it was taken over: from the WhatsApp Business app, which does not say by whom, or by the chatbot''s own hand-over.';
comment on column contacts.paced_until is 'Until when the messages sent so far use up what one person may get; each moves it on.';
comment on column contacts.silenced_until is 'What the contact writes until then is kept and not answered.';
comment on column contacts.penalties is 'How often the contact was silenced, as of silenced_until; each doubles the next silence (f/chat/conduct.ts).';
comment on column contacts.loop_points is 'How much the last messages in a row looked like a machine''s (f/chat/machine_like.ts).';
comment on column contacts.summary is 'What was said before the history begins, in a model''s words; empty when nothing was.';
comment on column contacts.summary_until_message_id is 'The last message that the summary covers.';
comment on column contacts.erased_at is 'When everything of the contact was erased; nothing is written to the row after that.';
CREATE UNIQUE INDEX contacts_bsuid_key ON contacts USING btree (chatbot_id, bsuid) WHERE bsuid IS NOT NULL;
CREATE UNIQUE INDEX contacts_phone_key ON contacts USING btree (chatbot_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX contacts_organization_chatbot_idx ON contacts USING btree (organization_id, chatbot_id);
CREATE INDEX contacts_taken_over_by_idx ON contacts USING btree (organization_id, taken_over_by) WHERE taken_over_by IS NOT NULL;
alter table contacts enable row level security;
alter table contacts force row level security;
create policy echoes_make_contacts on contacts for insert to chatbot_router with check (true);
create policy echoes_take_over on contacts for update to chatbot_router using (true) with check (true);
create policy routing on contacts for select to chatbot_router using (true);
create policy tenant_isolation on contacts for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on contacts to chatbot_app;
grant insert (organization_id, chatbot_id, bsuid, phone), select (id, organization_id, chatbot_id, bsuid, phone, conversation_mode, is_blocked, taken_over_at, taken_over_by, given_back_at), update (phone, conversation_mode, last_message_at, unread_count, taken_over_at, taken_over_by) on contacts to chatbot_router;

create table turns (
  id uuid default gen_random_uuid() not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  contact_id uuid not null,
  status text default 'generating'::text not null,
  fence integer default 1 not null,
  lease_expires_at timestamp with time zone not null,
  flow_job_id text,
  reply_kind text,
  reply text,
  sources jsonb default '[]'::jsonb not null,
  usage jsonb default '{}'::jsonb not null,
  error text,
  created_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  reserved_period date,
  usage_settled_at timestamp with time zone,
  recoveries integer default 0 not null,
  recovered_at timestamp with time zone,
  reserved_tokens integer default 0 not null,
  reserved_cost_usd numeric(14,8) default 0 not null,
  hands_over boolean default false not null,
  constraint turns_pkey PRIMARY KEY (id),
  constraint turns_organization_id_id_key UNIQUE (organization_id, id),
  constraint turns_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint turns_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contacts(organization_id, id) ON DELETE CASCADE,
  constraint turns_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint turns_check CHECK ((reply IS NULL) = (reply_kind IS NULL)),
  constraint turns_check1 CHECK (status <> 'replying'::text OR reply IS NOT NULL),
  constraint turns_check2 CHECK ((finished_at IS NOT NULL) = (status = ANY (ARRAY['completed'::text, 'failed'::text]))),
  constraint turns_recoveries_check CHECK (recoveries >= 0),
  constraint turns_reply_kind_check CHECK (reply_kind = ANY (ARRAY['answer'::text, 'limit'::text, 'media'::text, 'error'::text])),
  constraint turns_reserved_cost_usd_check CHECK (reserved_cost_usd >= 0::numeric),
  constraint turns_reserved_tokens_check CHECK (reserved_tokens >= 0),
  constraint turns_sources_check CHECK (jsonb_typeof(sources) = 'array'::text),
  constraint turns_status_check CHECK (status = ANY (ARRAY['generating'::text, 'replying'::text, 'completed'::text, 'failed'::text])),
  constraint turns_usage_check CHECK (jsonb_typeof(usage) = 'object'::text)
);
comment on table turns is 'Everything a contact said since the last reply, and our one answer to it.';
comment on column turns.sources is 'What the reply cites: [{"name", "page"}].';
comment on column turns.usage is '{"model", "model_calls", "tool_calls", "input_tokens", "cached_input_tokens", "output_tokens", "milliseconds", "models": the same for each model}';
comment on column turns.reserved_period is 'The usage_summary period in which this turn''s message is reserved; null when it was let in without one.';
comment on column turns.usage_settled_at is 'When the reservation was replaced by what the turn used, or released.';
comment on column turns.recoveries is 'How often recover_turns found the lease run out.';
CREATE UNIQUE INDEX turns_one_live_per_contact ON turns USING btree (contact_id) WHERE status = ANY (ARRAY['generating'::text, 'replying'::text]);
CREATE INDEX turns_contact_idx ON turns USING btree (organization_id, contact_id, created_at);
CREATE INDEX turns_chatbot_idx ON turns USING btree (organization_id, chatbot_id);
CREATE INDEX turns_lease_idx ON turns USING btree (lease_expires_at) WHERE status = ANY (ARRAY['generating'::text, 'replying'::text]);
CREATE INDEX turns_unsettled_idx ON turns USING btree (finished_at) WHERE reserved_period IS NOT NULL AND usage_settled_at IS NULL;
CREATE INDEX turns_age_idx ON turns USING btree (organization_id, finished_at);
alter table turns enable row level security;
alter table turns force row level security;
create policy routing on turns for select to chatbot_router using (true);
create policy tenant_isolation on turns for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on turns to chatbot_app;
grant select (id, organization_id, contact_id, status, lease_expires_at, finished_at, reserved_period, usage_settled_at, recoveries, recovered_at) on turns to chatbot_router;

CREATE OR REPLACE FUNCTION public.turn_organization(p_turn_id uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id from turns where id = p_turn_id
  $function$;
alter function turn_organization(uuid) owner to chatbot_router;
revoke all on function turn_organization(uuid) from public;
grant execute on function turn_organization(uuid) to chatbot_app;
comment on function turn_organization(uuid) is 'The tenant of a turn; null when there is no such turn.';

CREATE OR REPLACE FUNCTION public.delivery_rank(p_status text)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE p_status WHEN 'pending'::text THEN 0 WHEN 'sending'::text THEN 1 WHEN 'unknown'::text THEN 1 WHEN 'accepted'::text THEN 2 WHEN 'sent'::text THEN 3 WHEN 'failed'::text THEN 4 WHEN 'delivered'::text THEN 5 WHEN 'read'::text THEN 6 WHEN 'played'::text THEN 7 ELSE NULL::integer END;
comment on function delivery_rank(text) is 'How far a delivery status is; null for a status that is none.';

create table messages (
  id bigint generated always as identity not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  contact_id uuid not null,
  turn_id uuid,
  author text not null,
  kind text default 'text'::text not null,
  body text default ''::text not null,
  details jsonb default '{}'::jsonb not null,
  wamid text,
  sent_at timestamp with time zone default now() not null,
  part integer,
  delivery_status text,
  attempts integer default 0 not null,
  delivery_key uuid default gen_random_uuid() not null,
  delivery_error jsonb,
  status_changed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  unheard_attempts integer default 0 not null,
  template_attempts integer default 0 not null,
  constraint messages_pkey PRIMARY KEY (id),
  constraint messages_delivery_key_key UNIQUE (delivery_key),
  constraint messages_organization_id_id_key UNIQUE (organization_id, id),
  constraint messages_turn_id_part_key UNIQUE (turn_id, part),
  constraint messages_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint messages_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contacts(organization_id, id) ON DELETE CASCADE,
  constraint messages_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint messages_organization_id_turn_id_fkey FOREIGN KEY (organization_id, turn_id) REFERENCES turns(organization_id, id) ON DELETE CASCADE,
  constraint messages_author_check CHECK (author = ANY (ARRAY['contact'::text, 'chatbot'::text, 'user'::text])),
  constraint messages_check CHECK ((author = 'contact'::text) = (delivery_status IS NULL)),
  constraint messages_check1 CHECK ((author = 'chatbot'::text) = (part IS NOT NULL)),
  constraint messages_delivery_status_check CHECK (delivery_status IS NULL OR delivery_rank(delivery_status) IS NOT NULL),
  constraint messages_details_check CHECK (jsonb_typeof(details) = 'object'::text),
  constraint messages_part_check CHECK (part >= 0),
  constraint messages_template_attempts_check CHECK (template_attempts >= 0),
  constraint messages_unheard_attempts_check CHECK (unheard_attempts >= 0),
  constraint messages_wamid_check CHECK (wamid <> ''::text)
);
comment on table messages is 'The conversation: what contacts, chatbots and the organization''s users said.';
comment on column messages.unheard_attempts is 'How many of the attempts WhatsApp may have accepted without our hearing of it.';
comment on column messages.template_attempts is 'How often recover_turns took it in hand to send it as a template, after WhatsApp had refused it as text too late.';
CREATE UNIQUE INDEX messages_wamid_key ON messages USING btree (chatbot_id, wamid) WHERE wamid IS NOT NULL;
CREATE INDEX messages_wamid_idx ON messages USING btree (wamid) WHERE wamid IS NOT NULL;
CREATE INDEX messages_conversation_idx ON messages USING btree (organization_id, contact_id, sent_at, id);
CREATE INDEX messages_chatbot_idx ON messages USING btree (organization_id, chatbot_id);
CREATE INDEX messages_in_doubt_idx ON messages USING btree (status_changed_at) WHERE delivery_status = ANY (ARRAY['sending'::text, 'unknown'::text]);
CREATE INDEX messages_age_idx ON messages USING btree (organization_id, sent_at);
CREATE INDEX messages_refused_late_idx ON messages USING btree (status_changed_at) WHERE (delivery_status = ANY (ARRAY['failed'::text, 'pending'::text])) AND (template_attempts > 0 OR (delivery_error ->> 'code'::text) = '131047'::text);
alter table messages enable row level security;
alter table messages force row level security;
create policy echoes_write on messages for insert to chatbot_router with check (true);
create policy status_updates_read on messages for select to chatbot_router using (true);
create policy status_updates_write on messages for update to chatbot_router using (true) with check (true);
create policy tenant_isolation on messages for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on messages to chatbot_app;
grant insert (organization_id, chatbot_id, contact_id, author, kind, body, wamid, sent_at, delivery_status), select (id, organization_id, chatbot_id, contact_id, turn_id, author, wamid, delivery_status, delivery_key, delivery_error, status_changed_at, template_attempts), update (wamid, delivery_status, delivery_error, status_changed_at) on messages to chatbot_router;

create table webhook_events (
  id bigint generated always as identity not null,
  organization_id uuid,
  chatbot_id uuid,
  phone_number_id text default ''::text not null,
  kind text not null,
  external_id text not null,
  status text default 'received'::text not null,
  sender_bsuid text,
  sender_phone text,
  payload jsonb not null,
  traceparent text,
  turn_id uuid,
  error text,
  sent_at timestamp with time zone,
  received_at timestamp with time zone default now() not null,
  processed_at timestamp with time zone,
  recoveries integer default 0 not null,
  recovered_at timestamp with time zone,
  constraint webhook_events_pkey PRIMARY KEY (id),
  constraint webhook_events_organization_id_id_key UNIQUE (organization_id, id),
  constraint webhook_events_phone_number_id_kind_external_id_key UNIQUE (phone_number_id, kind, external_id),
  constraint webhook_events_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint webhook_events_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint webhook_events_organization_id_turn_id_fkey FOREIGN KEY (organization_id, turn_id) REFERENCES turns(organization_id, id) ON DELETE SET NULL (turn_id),
  constraint webhook_events_external_id_check CHECK (external_id <> ''::text),
  constraint webhook_events_kind_check CHECK (kind = ANY (ARRAY['message'::text, 'status'::text, 'echo'::text, 'other'::text])),
  constraint webhook_events_recoveries_check CHECK (recoveries >= 0),
  constraint webhook_events_sender_bsuid_check CHECK (sender_bsuid <> ''::text),
  constraint webhook_events_sender_phone_check CHECK (sender_phone <> ''::text),
  constraint webhook_events_status_check CHECK (status = ANY (ARRAY['received'::text, 'processing'::text, 'completed'::text, 'failed'::text, 'ignored'::text]))
);
comment on table webhook_events is 'The inbox: every event out of every webhook, once.';
comment on column webhook_events.sender_bsuid is 'The contact: who wrote a message, whom an echo went to.';
comment on column webhook_events.payload is E'message: {"message", "profile_name"}; echo: {"message"}; status: the status; other: {"field", "value"}. As Meta sent it, less \\u0000 and lone surrogates.';
comment on column webhook_events.recoveries is 'How often recover_turns found that no flow had taken the event.';
CREATE INDEX webhook_events_waiting_idx ON webhook_events USING btree (received_at) WHERE kind = 'message'::text AND status = 'received'::text;
CREATE INDEX webhook_events_bsuid_idx ON webhook_events USING btree (chatbot_id, sender_bsuid) WHERE kind = 'message'::text AND status = 'received'::text;
CREATE INDEX webhook_events_phone_idx ON webhook_events USING btree (chatbot_id, sender_phone) WHERE kind = 'message'::text AND status = 'received'::text;
CREATE INDEX webhook_events_turn_idx ON webhook_events USING btree (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX webhook_events_organization_idx ON webhook_events USING btree (organization_id, received_at);
CREATE INDEX webhook_events_unrouted_idx ON webhook_events USING btree (received_at) WHERE organization_id IS NULL;
alter table webhook_events enable row level security;
alter table webhook_events force row level security;
create policy inbox on webhook_events for all to chatbot_router using (true) with check (true);
create policy tenant_isolation on webhook_events for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, select, update on webhook_events to chatbot_app;
grant delete, insert, select, update on webhook_events to chatbot_router;

CREATE OR REPLACE FUNCTION public.webhook_event_organization(p_webhook_event_id bigint)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id from webhook_events where id = p_webhook_event_id
  $function$;
alter function webhook_event_organization(bigint) owner to chatbot_router;
revoke all on function webhook_event_organization(bigint) from public;
grant execute on function webhook_event_organization(bigint) to chatbot_app;
comment on function webhook_event_organization(bigint) is 'The tenant of an event; null when there is no such event or its number belongs to no chatbot.';

CREATE OR REPLACE FUNCTION public.inbox_health(OUT waiting bigint, OUT oldest_waiting_seconds double precision)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select count(*), coalesce(extract(epoch from now() - min(received_at)), 0)
    from webhook_events
    where kind = 'message' and status = 'received' and chatbot_id is not null
  $function$;
alter function inbox_health() owner to chatbot_router;
revoke all on function inbox_health() from public;
grant execute on function inbox_health() to chatbot_ingress;
comment on function inbox_health() is 'What the ingress reports of the inbox: how many messages wait, and for how long the oldest has.';

create table knowledge_sources (
  id uuid default gen_random_uuid() not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  source_type text not null,
  name text not null,
  url text,
  s3_key text,
  content_hash text not null,
  byte_size bigint default 0 not null,
  status text default 'pending'::text not null,
  progress integer default 0 not null,
  error_message text,
  live_version integer default 0 not null,
  page_count integer,
  chunk_count integer default 0 not null,
  embedding_model text,
  processed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  recoveries integer default 0 not null,
  stage text,
  page_etag text,
  page_last_modified text,
  page_hash text,
  checked_at timestamp with time zone,
  check_problem text,
  missing_checks integer default 0 not null,
  gone_at timestamp with time zone,
  constraint knowledge_sources_pkey PRIMARY KEY (id),
  constraint knowledge_sources_chatbot_id_content_hash_key UNIQUE (chatbot_id, content_hash),
  constraint knowledge_sources_organization_id_id_key UNIQUE (organization_id, id),
  constraint knowledge_sources_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint knowledge_sources_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint knowledge_sources_check CHECK ((status = 'failed'::text) = (error_message IS NOT NULL)),
  constraint knowledge_sources_check1 CHECK ((source_type = 'url'::text) = (url IS NOT NULL)),
  constraint knowledge_sources_missing_checks_check CHECK (missing_checks >= 0),
  constraint knowledge_sources_name_check CHECK (name <> ''::text),
  constraint knowledge_sources_page_is_url CHECK (source_type = 'url'::text OR checked_at IS NULL AND gone_at IS NULL),
  constraint knowledge_sources_progress_check CHECK (progress >= 0 AND progress <= 100),
  constraint knowledge_sources_recoveries_check CHECK (recoveries >= 0),
  constraint knowledge_sources_source_type_check CHECK (source_type = ANY (ARRAY['pdf'::text, 'docx'::text, 'url'::text, 'text'::text, 'markdown'::text, 'html'::text, 'csv'::text])),
  constraint knowledge_sources_stage_check CHECK (stage = ANY (ARRAY['reading'::text, 'extracting'::text, 'embedding'::text])),
  constraint knowledge_sources_status_check CHECK (status = ANY (ARRAY['pending'::text, 'processing'::text, 'ready'::text, 'failed'::text]))
);
comment on table knowledge_sources is 'A document or a web page that a chatbot may answer from.';
comment on column knowledge_sources.recoveries is 'How often recover_turns found that nobody was processing the source.';
comment on column knowledge_sources.stage is 'What is being done with the source; null while it waits and when it is done.';
comment on column knowledge_sources.page_hash is 'sha256 of the page''s bytes, by which a re-sync knows whether it has changed.';
comment on column knowledge_sources.checked_at is 'When a re-sync last asked whether the page has changed.';
comment on column knowledge_sources.check_problem is 'Why the last re-sync could not read the page, as a sentence; the version that was there stays.';
comment on column knowledge_sources.missing_checks is 'How many re-syncs in a row were answered that there is no such page.';
comment on column knowledge_sources.gone_at is 'Since when the page counts as gone; it stays searchable until somebody deletes it.';
CREATE INDEX knowledge_sources_chatbot_idx ON knowledge_sources USING btree (organization_id, chatbot_id);
CREATE INDEX knowledge_sources_unfinished_idx ON knowledge_sources USING btree (updated_at) WHERE status = ANY (ARRAY['pending'::text, 'processing'::text]);
alter table knowledge_sources enable row level security;
alter table knowledge_sources force row level security;
create policy routing on knowledge_sources for select to chatbot_router using (true);
create policy tenant_isolation on knowledge_sources for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on knowledge_sources to chatbot_app;
grant select (id, organization_id, source_type, status, live_version, processed_at, updated_at, checked_at) on knowledge_sources to chatbot_router;

CREATE OR REPLACE FUNCTION public.knowledge_source_organization(p_knowledge_source_id uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id from knowledge_sources where id = p_knowledge_source_id
  $function$;
alter function knowledge_source_organization(uuid) owner to chatbot_router;
revoke all on function knowledge_source_organization(uuid) from public;
grant execute on function knowledge_source_organization(uuid) to chatbot_app;
comment on function knowledge_source_organization(uuid) is 'The tenant of a knowledge source; null when there is no such source.';

create table document_chunks (
  id bigint generated always as identity not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  knowledge_source_id uuid not null,
  version integer not null,
  chunk_no integer not null,
  content text not null,
  page integer,
  heading_path text[] default '{}'::text[] not null,
  start_offset integer not null,
  end_offset integer not null,
  embedding vector(1536) not null,
  text_search_language regconfig not null,
  created_at timestamp with time zone default now() not null,
  embedding_bits bit(1536) generated always as ((binary_quantize(embedding))::bit(1536)) stored not null,
  constraint document_chunks_pkey PRIMARY KEY (id),
  constraint document_chunks_knowledge_source_id_version_chunk_no_key UNIQUE (knowledge_source_id, version, chunk_no),
  constraint document_chunks_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint document_chunks_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint document_chunks_organization_id_knowledge_source_id_fkey FOREIGN KEY (organization_id, knowledge_source_id) REFERENCES knowledge_sources(organization_id, id) ON DELETE CASCADE,
  constraint document_chunks_check CHECK (end_offset > start_offset),
  constraint document_chunks_chunk_no_check CHECK (chunk_no >= 0),
  constraint document_chunks_content_check CHECK (content <> ''::text),
  constraint document_chunks_page_check CHECK (page > 0)
);
comment on table document_chunks is 'The passages of a knowledge source, with what finds them.';
comment on column document_chunks.embedding_bits is 'The signs of the embedding: how many differ between two says roughly how near they are.';
alter table document_chunks alter column embedding set storage main;
alter table document_chunks alter column embedding_bits set storage plain;
CREATE INDEX document_chunks_chatbot_idx ON document_chunks USING btree (organization_id, chatbot_id) INCLUDE (knowledge_source_id, version, id, embedding_bits);
alter table document_chunks enable row level security;
alter table document_chunks force row level security;
create policy tenant_isolation on document_chunks for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select on document_chunks to chatbot_app;

create table tool_executions (
  id bigint generated always as identity not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  turn_id uuid not null,
  integration_id uuid,
  call_no integer not null,
  tool_name text not null,
  arguments jsonb default '{}'::jsonb not null,
  status text not null,
  result text default ''::text not null,
  error text,
  duration_ms integer not null,
  created_at timestamp with time zone default now() not null,
  constraint tool_executions_pkey PRIMARY KEY (id),
  constraint tool_executions_turn_id_call_no_key UNIQUE (turn_id, call_no),
  constraint tool_executions_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint tool_executions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint tool_executions_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES org_integrations(organization_id, id) ON DELETE SET NULL (integration_id),
  constraint tool_executions_organization_id_turn_id_fkey FOREIGN KEY (organization_id, turn_id) REFERENCES turns(organization_id, id) ON DELETE CASCADE,
  constraint tool_executions_call_no_check CHECK (call_no >= 0),
  constraint tool_executions_duration_ms_check CHECK (duration_ms >= 0),
  constraint tool_executions_status_check CHECK (status = ANY (ARRAY['ok'::text, 'error'::text, 'timeout'::text, 'refused'::text]))
);
comment on table tool_executions is 'Every tool call that a model asked for, and what became of it.';
CREATE INDEX tool_executions_chatbot_idx ON tool_executions USING btree (organization_id, chatbot_id, created_at);
CREATE INDEX tool_executions_age_idx ON tool_executions USING btree (organization_id, created_at);
alter table tool_executions enable row level security;
alter table tool_executions force row level security;
create policy tenant_isolation on tool_executions for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on tool_executions to chatbot_app;

create table usage_logs (
  id bigint generated always as identity not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  contact_id uuid not null,
  turn_id uuid not null,
  model text not null,
  model_calls integer default 0 not null,
  tool_calls integer default 0 not null,
  input_tokens integer default 0 not null,
  cached_input_tokens integer default 0 not null,
  output_tokens integer default 0 not null,
  cost_usd numeric(14,8) default 0 not null,
  created_at timestamp with time zone default now() not null,
  input_price_usd numeric(12,6),
  cached_input_price_usd numeric(12,6),
  output_price_usd numeric(12,6),
  purpose text default 'reply'::text not null,
  constraint usage_logs_pkey PRIMARY KEY (id),
  constraint usage_logs_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint usage_logs_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contacts(organization_id, id) ON DELETE CASCADE,
  constraint usage_logs_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint usage_logs_organization_id_turn_id_fkey FOREIGN KEY (organization_id, turn_id) REFERENCES turns(organization_id, id) ON DELETE CASCADE,
  constraint usage_logs_price_is_whole CHECK (num_nulls(input_price_usd, cached_input_price_usd, output_price_usd) = ANY (ARRAY[0, 3])),
  constraint usage_logs_purpose_check CHECK (purpose = ANY (ARRAY['reply'::text, 'summary'::text, 'failed'::text]))
);
comment on table usage_logs is 'The ledger of what each turn used of each model, and at what price.';
comment on column usage_logs.purpose is 'reply: the turn''s answer. summary: the summary of the conversation that was made after it. failed: a run that came to no reply.';
CREATE INDEX usage_logs_organization_idx ON usage_logs USING btree (organization_id, created_at);
CREATE INDEX usage_logs_chatbot_idx ON usage_logs USING btree (organization_id, chatbot_id, contact_id);
CREATE UNIQUE INDEX usage_logs_turn_id_model_purpose_key ON usage_logs USING btree (turn_id, model, purpose) WHERE purpose <> 'failed'::text;
CREATE INDEX usage_logs_turn_idx ON usage_logs USING btree (organization_id, turn_id);
alter table usage_logs enable row level security;
alter table usage_logs force row level security;
create policy tenant_isolation on usage_logs for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant insert, select on usage_logs to chatbot_app;

create table usage_summary (
  organization_id uuid not null,
  period_start date not null,
  messages_reserved integer default 0 not null,
  messages_used integer default 0 not null,
  tokens_used bigint default 0 not null,
  cost_usd numeric(14,8) default 0 not null,
  updated_at timestamp with time zone default now() not null,
  tokens_reserved bigint default 0 not null,
  cost_reserved_usd numeric(14,8) default 0 not null,
  constraint usage_summary_pkey PRIMARY KEY (organization_id, period_start),
  constraint usage_summary_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint usage_summary_cost_reserved_usd_check CHECK (cost_reserved_usd >= 0::numeric),
  constraint usage_summary_cost_usd_check CHECK (cost_usd >= 0::numeric),
  constraint usage_summary_messages_reserved_check CHECK (messages_reserved >= 0),
  constraint usage_summary_messages_used_check CHECK (messages_used >= 0),
  constraint usage_summary_tokens_reserved_check CHECK (tokens_reserved >= 0),
  constraint usage_summary_tokens_used_check CHECK (tokens_used >= 0)
);
comment on table usage_summary is 'What an organization has used and reserved in a billing period.';
alter table usage_summary enable row level security;
alter table usage_summary force row level security;
create policy tenant_isolation on usage_summary for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant insert, select, update on usage_summary to chatbot_app;

create table system_alerts (
  id bigint generated always as identity not null,
  organization_id uuid,
  severity text not null,
  kind text not null,
  alert_key text not null,
  summary text not null,
  details jsonb default '{}'::jsonb not null,
  flow_job_id text,
  turn_id uuid,
  slack_posted_at timestamp with time zone,
  acknowledged_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  fingerprint text default ''::text not null,
  repeats_alert_id bigint,
  acknowledged_by uuid,
  constraint system_alerts_pkey PRIMARY KEY (id),
  constraint system_alerts_alert_key_key UNIQUE (alert_key),
  constraint system_alerts_organization_id_id_key UNIQUE (organization_id, id),
  constraint system_alerts_acknowledged_by_fkey FOREIGN KEY (organization_id, acknowledged_by) REFERENCES users(organization_id, id) ON DELETE SET NULL (acknowledged_by),
  constraint system_alerts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint system_alerts_organization_id_turn_id_fkey FOREIGN KEY (organization_id, turn_id) REFERENCES turns(organization_id, id) ON DELETE SET NULL (turn_id),
  constraint system_alerts_repeats_alert_id_fkey FOREIGN KEY (organization_id, repeats_alert_id) REFERENCES system_alerts(organization_id, id) ON DELETE SET NULL (repeats_alert_id),
  constraint system_alerts_details_check CHECK (jsonb_typeof(details) = 'object'::text),
  constraint system_alerts_severity_check CHECK (severity = ANY (ARRAY['critical'::text, 'error'::text, 'warning'::text, 'info'::text]))
);
comment on table system_alerts is 'What went wrong and whether somebody was told.';
CREATE INDEX system_alerts_organization_idx ON system_alerts USING btree (organization_id, created_at);
CREATE INDEX system_alerts_fingerprint_idx ON system_alerts USING btree (organization_id, fingerprint, created_at);
CREATE INDEX system_alerts_kind_idx ON system_alerts USING btree (organization_id, kind, created_at);
CREATE INDEX system_alerts_repeats_idx ON system_alerts USING btree (organization_id, repeats_alert_id) WHERE repeats_alert_id IS NOT NULL;
CREATE INDEX system_alerts_acknowledged_by_idx ON system_alerts USING btree (organization_id, acknowledged_by) WHERE acknowledged_by IS NOT NULL;
CREATE INDEX system_alerts_untold_idx ON system_alerts USING btree (created_at) WHERE slack_posted_at IS NULL AND repeats_alert_id IS NULL;
alter table system_alerts enable row level security;
alter table system_alerts force row level security;
create policy alerts_told on system_alerts for update to chatbot_router using (true) with check (true);
create policy failed_deliveries on system_alerts for insert to chatbot_router with check (true);
create policy tenant_isolation on system_alerts for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)) OR organization_id IS NULL);
create policy untold_alerts on system_alerts for select to chatbot_router using (true);
grant delete, insert, select, update on system_alerts to chatbot_app;
grant insert (organization_id, severity, kind, alert_key, summary, details, turn_id), select (id, organization_id, severity, alert_key, summary, details, flow_job_id, slack_posted_at, created_at, repeats_alert_id), update (slack_posted_at) on system_alerts to chatbot_router;

CREATE OR REPLACE FUNCTION public.tg__updated_at()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
  begin
    new.updated_at := now();
    return new;
  end
  $function$;
comment on function tg__updated_at() is 'Keeps updated_at true, whoever changes the row and however.';

CREATE OR REPLACE FUNCTION public.pair_unspaced_characters(p_text text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog'
AS $function$
    with characters as (
      -- Thai and Lao, Burmese, Khmer, kana, Han and its extensions
      select at, character, ascii(character) <@
        '{[3584,3839],[4096,4255],[6016,6143],[12352,12543],[13312,19903],[19968,40959],[63744,64255],[131072,205743]}'::int4multirange
        as is_unspaced
      from unnest(string_to_array(p_text, null)) with ordinality as each (character, at)
    ),
    neighbours as (
      select *,
        lead(character) over in_order as next,
        coalesce(lead(is_unspaced) over in_order, false) as is_next_unspaced,
        coalesce(lag(is_unspaced) over in_order, false) as is_last_unspaced
      from characters window in_order as (order by at)
    )
    select coalesce(string_agg(
      case
        when is_unspaced and is_next_unspaced then ' ' || character || next
        when is_unspaced and is_last_unspaced then ' '
        when is_unspaced then ' ' || character || ' '
        else character
      end, '' order by at), '')
    from neighbours
  $function$;

CREATE OR REPLACE FUNCTION public.lexemes_of(p_language regconfig, p_text text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    with plain as (
      select regexp_replace(
        normalize(regexp_replace(normalize(p_text, nfkd), '[\u0300-\u0303\u0327]', '', 'g'), nfkc),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf'
          '\u060c\u061b\u061f\u0640\u066a-\u066d\u06d4\u0964\u0965\u2000-\u200b\u200e-\u206f'
          '\u3000-\u3004\u3007-\u3020\u3030\u30fb\uff00-\uff0f]+',
        ' ', 'g') as text
    )
    select to_tsvector(
      p_language,
      -- the scripts without spaces begin with Thai
      case when text ~ '[^\u0001-\u0dff]' then pair_unspaced_characters(text) else text end)
    from plain
  $function$;
comment on function lexemes_of(regconfig,text) is 'What a text is found by: stems in the given language, and pairs of characters where words have no spaces.';

create table chunk_lexemes (
  organization_id uuid not null,
  chatbot_id uuid not null,
  knowledge_source_id uuid not null,
  version integer not null,
  lexeme text not null,
  chunk_ids bigint[] not null,
  weights real[] not null,
  first_chunk_id bigint generated always as (chunk_ids[1]) stored not null,
  constraint chunk_lexemes_pkey PRIMARY KEY (chatbot_id, lexeme, first_chunk_id),
  constraint chunk_lexemes_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint chunk_lexemes_organization_id_knowledge_source_id_fkey FOREIGN KEY (organization_id, knowledge_source_id) REFERENCES knowledge_sources(organization_id, id) ON DELETE CASCADE,
  constraint chunk_lexemes_check CHECK (cardinality(chunk_ids) > 0 AND cardinality(chunk_ids) = cardinality(weights)),
  constraint chunk_lexemes_lexeme_check CHECK (lexeme <> ''::text)
);
comment on table chunk_lexemes is 'Which of the chunks that were stored by one statement hold a lexeme, and how much it says about each.';
comment on column chunk_lexemes.chunk_ids is 'Ascending: from the first to the last is the range in which score_chunks_by_words looks for its candidates.';
CREATE INDEX chunk_lexemes_knowledge_source_idx ON chunk_lexemes USING btree (knowledge_source_id, version);
alter table chunk_lexemes enable row level security;
alter table chunk_lexemes force row level security;
create policy tenant_isolation on chunk_lexemes for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select on chunk_lexemes to chatbot_app;

CREATE OR REPLACE FUNCTION public.index_chunks(p_chunk_ids bigint[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    insert into chunk_lexemes (
      organization_id, chatbot_id, knowledge_source_id, version, lexeme, chunk_ids, weights
    )
    select
      organization_id, chatbot_id, knowledge_source_id, version, lexeme,
      array_agg(id order by id),
      array_agg((occurrences / (occurrences + 1.2 * (0.25 + 0.75 * length / 125)))::real order by id)
    from (
      select
        c.organization_id, c.chatbot_id, c.knowledge_source_id, c.version, c.id, l.lexeme,
        cardinality(l.positions)::float8 as occurrences,
        sum(cardinality(l.positions)) over (partition by c.id)::float8 as length
      from document_chunks c,
        unnest(lexemes_of(
          c.text_search_language,
          array_to_string(c.heading_path || c.content, E'\n'))) as l
      where c.id = any (p_chunk_ids)
    ) occurring
    group by organization_id, chatbot_id, knowledge_source_id, version, lexeme
  $function$;

CREATE OR REPLACE FUNCTION public.tg_document_chunks__index()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public'
AS $function$
  begin
    perform index_chunks(array(select id from new_chunks));
    return null;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.tg_document_chunks__forget()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public'
AS $function$
  begin
    delete from chunk_lexemes l
    using (select distinct knowledge_source_id, version from old_chunks) gone
    where l.knowledge_source_id = gone.knowledge_source_id and l.version = gone.version;

    perform index_chunks(array(
      select c.id from document_chunks c
      join (select distinct knowledge_source_id, version from old_chunks) gone
        using (knowledge_source_id, version)));
    return null;
  end
  $function$;

CREATE OR REPLACE FUNCTION public.is_recovery_due(p_recoveries integer, p_recovered_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((p_recovered_at IS NULL) OR (p_recovered_at < (now() - ('00:01:00'::interval * ((2)::double precision ^ (p_recoveries)::double precision)))));
comment on function is_recovery_due(integer,timestamp with time zone) is 'Whether something that was tried so often, and last then, may be tried again; the pause doubles.';

CREATE OR REPLACE FUNCTION public.is_processing_stalled(p_status text, p_updated_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((p_status = ANY (ARRAY['pending'::text, 'processing'::text])) AND (p_updated_at < (now() - '00:15:00'::interval)));
comment on function is_processing_stalled(text,timestamp with time zone) is 'Whether a knowledge source waits for a job that no longer exists.';

CREATE OR REPLACE FUNCTION public.unclaimed_webhook_events(p_limit integer)
 RETURNS TABLE(organization_id uuid, id bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    -- one flow takes all that its contact wrote, so one start of the oldest is enough
    with oldest as (
      select distinct on (e.chatbot_id, coalesce(e.sender_bsuid, e.sender_phone)) e.*
      from webhook_events e join chatbots b on b.id = e.chatbot_id
      where e.kind = 'message' and e.status = 'received'
        and e.received_at < now() - interval '1 minute' - interval '1 second' * b.debounce_seconds::float8
      order by e.chatbot_id, coalesce(e.sender_bsuid, e.sender_phone), e.received_at, e.id
    )
    select o.organization_id, o.id
    from oldest o
    where is_recovery_due(o.recoveries, o.recovered_at)
      -- a live turn's end starts the flow for what waits
      and not exists (
        select from contacts c join turns t on t.contact_id = c.id
        where c.chatbot_id = o.chatbot_id and t.status in ('generating', 'replying')
          and (c.bsuid = o.sender_bsuid or o.sender_bsuid is null and c.phone = o.sender_phone)
      )
    order by o.received_at
    limit p_limit
  $function$;
alter function unclaimed_webhook_events(integer) owner to chatbot_router;
revoke all on function unclaimed_webhook_events(integer) from public;
grant execute on function unclaimed_webhook_events(integer) to chatbot_app;
comment on function unclaimed_webhook_events(integer) is 'Messages that no flow took although it is past their debounce, one a contact.';

CREATE OR REPLACE FUNCTION public.stalled_knowledge_sources(p_limit integer)
 RETURNS TABLE(organization_id uuid, id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select s.organization_id, s.id
    from knowledge_sources s
    where s.status in ('pending', 'processing') and is_processing_stalled(s.status, s.updated_at)
    order by s.updated_at
    limit p_limit
  $function$;
alter function stalled_knowledge_sources(integer) owner to chatbot_router;
revoke all on function stalled_knowledge_sources(integer) from public;
grant execute on function stalled_knowledge_sources(integer) to chatbot_app;
comment on function stalled_knowledge_sources(integer) is 'Knowledge sources that wait for a job that no longer exists.';

CREATE OR REPLACE FUNCTION public.contact_organization(p_contact_id uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id from contacts where id = p_contact_id
  $function$;
alter function contact_organization(uuid) owner to chatbot_router;
revoke all on function contact_organization(uuid) from public;
grant execute on function contact_organization(uuid) to chatbot_app;
comment on function contact_organization(uuid) is 'The tenant of a contact; null when there is no such contact.';

CREATE OR REPLACE FUNCTION public.record_echo(p_organization_id uuid, p_chatbot_id uuid, p_bsuid text, p_phone text, p_message jsonb, p_sent_at bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
  declare
    v_contact_id uuid;
    v_sent_at timestamptz := coalesce(to_timestamp(p_sent_at), now());
  begin
    -- a number that is now another person's
    update contacts set phone = null where chatbot_id = p_chatbot_id and phone = p_phone and bsuid <> p_bsuid;
    -- nothing is inserted when another job makes the contact at this moment; this waits until it is committed
    insert into contacts (organization_id, chatbot_id, bsuid, phone)
    values (p_organization_id, p_chatbot_id, nullif(p_bsuid, ''), nullif(p_phone, ''))
    on conflict do nothing;

    select id into v_contact_id from contacts
    where chatbot_id = p_chatbot_id and (bsuid = p_bsuid or phone = p_phone)
    order by bsuid = p_bsuid desc nulls last
    limit 1 for update;

    insert into messages (organization_id, chatbot_id, contact_id, author, kind, body, wamid, sent_at, delivery_status)
    values (
      p_organization_id, p_chatbot_id, v_contact_id, 'user', p_message ->> 'type',
      coalesce(p_message #>> '{text,body}', p_message #>> array[p_message ->> 'type', 'caption'], ''),
      p_message ->> 'id', v_sent_at, 'sent'
    )
    on conflict (chatbot_id, wamid) where wamid is not null do nothing;
    -- known already: it was sent through the API and is nobody's takeover
    if not found then
      return;
    end if;

    update contacts set
      conversation_mode = 'manual',
      taken_over_at = case conversation_mode when 'auto' then now() else taken_over_at end,
      taken_over_by = case conversation_mode when 'auto' then null else taken_over_by end,
      unread_count = 0,
      last_message_at = now()
    where id = v_contact_id
      -- one that comes late, from before the conversation was given back, takes nothing over (Meta counts whole seconds)
      and (given_back_at is null or v_sent_at >= date_trunc('second', given_back_at));
  end
  $function$;
revoke all on function record_echo(uuid,uuid,text,text,jsonb,bigint) from public;
grant execute on function record_echo(uuid,uuid,text,text,jsonb,bigint) to chatbot_router;
comment on function record_echo(uuid,uuid,text,text,jsonb,bigint) is 'Keeps what a person wrote in the WhatsApp Business app, and takes the conversation over for that person.';

CREATE OR REPLACE FUNCTION public.record_webhook_events(p_events jsonb)
 RETURNS TABLE(webhook_event_id bigint, phone_number_id text, external_id text, sender text, start_after_seconds numeric, is_new boolean)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
  -- the names of the answer's columns are those of tables, too
  #variable_conflict use_column
  begin
    return query
      with event as (
        select distinct on (e.phone_number_id, e.kind, e.external_id)
          e.*, c.organization_id, c.id as chatbot_id, c.debounce_seconds,
          -- as columns: where a kind is compared the planner expects one row, and would join all with all
          e.kind = 'message' and c.id is not null as is_answered,
          e.kind = 'echo' and c.id is not null as is_echo
        from jsonb_to_recordset(p_events) as e (
          phone_number_id text, kind text, external_id text, payload jsonb, traceparent text,
          sender_bsuid text, sender_phone text, sent_at bigint, is_immediate boolean
        )
        left join chatbots c on c.phone_number_id = e.phone_number_id
        order by e.phone_number_id, e.kind, e.external_id
      ),
      recorded as (
        insert into webhook_events (
          organization_id, chatbot_id, phone_number_id, kind, external_id, status,
          sender_bsuid, sender_phone, payload, traceparent, sent_at, processed_at
        )
        select
          organization_id, chatbot_id, phone_number_id, kind, external_id,
          -- nothing is left to do for a status or an echo: this transaction applies it
          case when kind = 'message' then 'received' when kind in ('status', 'echo') then 'completed' else 'ignored' end,
          nullif(sender_bsuid, ''), nullif(sender_phone, ''), payload, traceparent,
          to_timestamp(sent_at), case when kind <> 'message' then now() end
        from event
        on conflict on constraint webhook_events_phone_number_id_kind_external_id_key do nothing
        returning id, phone_number_id, kind, external_id
      ),
      -- Only what is new: an echo that is delivered again must not take over what was given back since.
      -- In one order, so that two POSTs do not wait for each other's contacts.
      echoed as (
        select record_echo(o.organization_id, o.chatbot_id, o.sender_bsuid, o.sender_phone, o.payload -> 'message', o.sent_at)
        from (
          select e.* from event e join recorded r using (phone_number_id, kind, external_id)
          where e.is_echo
          order by e.chatbot_id, e.sender_bsuid, e.sender_phone, e.sent_at
        ) o
      )
      select
        coalesce(r.id, w.id), e.phone_number_id, e.external_id,
        coalesce(nullif(e.sender_bsuid, ''), e.sender_phone, ''),
        case when e.is_immediate then 0 else coalesce(e.debounce_seconds, 0) end,
        r.id is not null
      from event e
      left join recorded r using (phone_number_id, kind, external_id)
      -- by its key, and only what is not new: "offset" keeps the planner from any other way, which it would take for
      -- as long as the connection lives, if the table was empty at its first event
      left join lateral (
        select known.id, known.status
        from webhook_events known
        where r.id is null and known.phone_number_id = e.phone_number_id
          and known.kind = e.kind and known.external_id = e.external_id
        offset 0
      ) w on true
      where e.is_answered and (r.id is not null or w.status = 'received')
        -- a query that nobody asks is not run
        and (select count(*) from echoed) >= 0;
    -- after the echoes: whoever else locks a contact and its messages locks them in this order
    if p_events @? '$[*] ? (@.kind == "status")' then
      perform apply_delivery_statuses(p_events);
    end if;
  end
  $function$;
alter function record_webhook_events(jsonb) owner to chatbot_router;
revoke all on function record_webhook_events(jsonb) from public;
grant execute on function record_webhook_events(jsonb) to chatbot_ingress;
comment on function record_webhook_events(jsonb) is 'Writes the events of a webhook POST once, applies its delivery statuses, and answers which messages wait for a flow.';

CREATE OR REPLACE FUNCTION public.usage_totals()
 RETURNS TABLE(scope text, organization_id uuid, chatbot_id uuid, contact_id uuid, turns bigint, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, cost_usd numeric, is_priced boolean)
 LANGUAGE sql
 STABLE
AS $function$
    select
      case
        when grouping(l.chatbot_id) = 1 then 'organization'
        when grouping(l.contact_id) = 1 then 'chatbot'
        else 'contact'
      end,
      l.organization_id, l.chatbot_id, l.contact_id,
      count(distinct l.turn_id),
      sum(l.input_tokens), sum(l.cached_input_tokens), sum(l.output_tokens), sum(l.cost_usd),
      bool_and(l.input_price_usd is not null)
    from usage_logs l
    group by grouping sets (
      (l.organization_id), (l.organization_id, l.chatbot_id), (l.organization_id, l.chatbot_id, l.contact_id)
    )
  $function$;
revoke all on function usage_totals() from public;
grant execute on function usage_totals() to chatbot_app;
comment on function usage_totals() is 'What the organization, each chatbot and each contact (whose conversation is one) used and cost. is_priced: all of it at known prices.';

CREATE OR REPLACE FUNCTION public.is_delivery_overdue(p_organization_id uuid, p_chatbot_id uuid, p_status text, p_since timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN CASE p_status WHEN 'sending'::text THEN (p_since < (now() - '00:02:00'::interval)) WHEN 'unknown'::text THEN ((p_since < (now() - '00:15:00'::interval)) OR ((p_since < (now() - '00:03:00'::interval)) AND (EXISTS (SELECT FROM (chatbots b JOIN webhook_events e ON ((e.phone_number_id = b.phone_number_id))) WHERE ((b.id = is_delivery_overdue.p_chatbot_id) AND (e.organization_id = is_delivery_overdue.p_organization_id) AND (e.received_at > (is_delivery_overdue.p_since + '00:01:00'::interval))))))) ELSE false END;
comment on function is_delivery_overdue(uuid,uuid,text,timestamp with time zone) is 'Whether a delivery has been sending or unknown for longer than its sender or a status webhook can take.';

CREATE OR REPLACE FUNCTION public.overdue_deliveries(p_limit integer)
 RETURNS TABLE(organization_id uuid, id bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select m.organization_id, m.id
    from messages m
    where m.delivery_status in ('sending', 'unknown')
      and is_delivery_overdue(m.organization_id, m.chatbot_id, m.delivery_status, m.status_changed_at)
    order by m.status_changed_at
    limit p_limit
  $function$;
alter function overdue_deliveries(integer) owner to chatbot_router;
revoke all on function overdue_deliveries(integer) from public;
grant execute on function overdue_deliveries(integer) to chatbot_app;
comment on function overdue_deliveries(integer) is 'Messages of ours that hang: nobody is sending them any more, or no status webhook says what became of them.';

CREATE OR REPLACE FUNCTION public.is_turn_in_doubt(p_turn_id uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN (EXISTS (SELECT FROM (messages m JOIN contacts c ON ((c.id = m.contact_id))) WHERE ((m.turn_id = is_turn_in_doubt.p_turn_id) AND (m.author = 'chatbot'::text) AND (m.delivery_status = ANY (ARRAY['sending'::text, 'unknown'::text])) AND (c.conversation_mode = 'auto'::text) AND (NOT c.is_blocked))));
comment on function is_turn_in_doubt(uuid) is 'Whether a turn waits to hear whether WhatsApp has its reply; whoever takes it over could do nothing.';

CREATE OR REPLACE FUNCTION public.abandoned_turns(p_limit integer)
 RETURNS TABLE(organization_id uuid, id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select t.organization_id, t.id
    from turns t
    where t.status in ('generating', 'replying') and t.lease_expires_at < now()
      and is_recovery_due(t.recoveries, t.recovered_at) and not is_turn_in_doubt(t.id)
    order by t.lease_expires_at
    limit p_limit
  $function$;
alter function abandoned_turns(integer) owner to chatbot_router;
revoke all on function abandoned_turns(integer) from public;
grant execute on function abandoned_turns(integer) to chatbot_app;
comment on function abandoned_turns(integer) is 'Live turns whose lease ran out: the flow that had them is dead.';

CREATE OR REPLACE FUNCTION public.tg_messages__alert_of_failure()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
  begin
    insert into system_alerts (organization_id, severity, kind, alert_key, summary, details, turn_id)
    select
      new.organization_id,
      -- a template is missing, and this contact alone is not answered
      case when new.delivery_error ->> 'code' = '131047' then 'warning' else 'error' end,
      'delivery_failed',
      'delivery_failed:' || new.id,
      case when new.delivery_error ->> 'code' = '131047'
        then 'A message did not arrive: the contact last wrote more than 24 hours ago. Answer by hand with a template, and give the chatbot an approved one (reply_template_name).'
        else 'WhatsApp took a message and then could not deliver it: look up the code, and answer by hand.'
      end,
      jsonb_build_object(
        'message_id', new.id, 'chatbot_id', new.chatbot_id, 'contact_id', new.contact_id,
        'code', new.delivery_error -> 'code', 'title', new.delivery_error -> 'title'
      ),
      new.turn_id
    -- what recover_turns sends as a template is no failure yet: late_refusals finds it as long as it has no alert
    where not (
      new.delivery_error ->> 'code' = '131047' and new.template_attempts = 0 and new.turn_id is not null
      -- it looks no further back
      and new.status_changed_at > now() - interval '7 days'
      and exists (select from chatbots b where b.id = new.chatbot_id and b.reply_template_name is not null)
    )
    on conflict do nothing;
    return null;
  end
  $function$;
comment on function tg_messages__alert_of_failure() is 'Tells of a message that WhatsApp took and did not deliver.';

create table message_media (
  id bigint generated always as identity not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  message_id bigint not null,
  whatsapp_media_id text not null,
  status text default 'pending'::text not null,
  s3_key text,
  mime_type text,
  byte_size bigint,
  sha256 text,
  failure text,
  recoveries integer default 0 not null,
  recovered_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  constraint message_media_pkey PRIMARY KEY (id),
  constraint message_media_message_id_key UNIQUE (message_id),
  constraint message_media_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint message_media_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint message_media_organization_id_message_id_fkey FOREIGN KEY (organization_id, message_id) REFERENCES messages(organization_id, id) ON DELETE CASCADE,
  constraint message_media_byte_size_check CHECK (byte_size >= 0),
  constraint message_media_check CHECK ((status = 'stored'::text) = (s3_key IS NOT NULL AND sha256 IS NOT NULL AND byte_size IS NOT NULL)),
  constraint message_media_check1 CHECK ((status = 'failed'::text) = (failure IS NOT NULL)),
  constraint message_media_check2 CHECK ((status = 'pending'::text) = (finished_at IS NULL)),
  constraint message_media_failure_check CHECK (failure <> ''::text),
  constraint message_media_recoveries_check CHECK (recoveries >= 0),
  constraint message_media_s3_key_check CHECK (s3_key <> ''::text),
  constraint message_media_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'::text),
  constraint message_media_status_check CHECK (status = ANY (ARRAY['pending'::text, 'stored'::text, 'failed'::text])),
  constraint message_media_whatsapp_media_id_check CHECK (whatsapp_media_id <> ''::text)
);
comment on table message_media is 'The file of a contact''s message, which a job of its own copies from WhatsApp to object storage.';
comment on column message_media.failure is 'Why the file is not there, in a sentence for the organization.';
comment on column message_media.recoveries is 'How often recover_turns found that no job had stored the file.';
CREATE INDEX message_media_pending_idx ON message_media USING btree (created_at) WHERE status = 'pending'::text;
CREATE INDEX message_media_message_idx ON message_media USING btree (organization_id, message_id);
CREATE INDEX message_media_chatbot_idx ON message_media USING btree (organization_id, chatbot_id);
alter table message_media enable row level security;
alter table message_media force row level security;
create policy routing on message_media for select to chatbot_router using (true);
create policy tenant_isolation on message_media for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on message_media to chatbot_app;
grant select (id, organization_id, status, recoveries, recovered_at, created_at) on message_media to chatbot_router;

CREATE OR REPLACE FUNCTION public.message_media_organization(p_message_media_id bigint)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id from message_media where id = p_message_media_id
  $function$;
alter function message_media_organization(bigint) owner to chatbot_router;
revoke all on function message_media_organization(bigint) from public;
grant execute on function message_media_organization(bigint) to chatbot_app;
comment on function message_media_organization(bigint) is 'The tenant of a file; null when there is no such file.';

CREATE OR REPLACE FUNCTION public.unstored_media(p_limit integer)
 RETURNS TABLE(organization_id uuid, id bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select m.organization_id, m.id
    from message_media m
    -- its first job started when the message was taken
    where m.status = 'pending' and is_recovery_due(m.recoveries, coalesce(m.recovered_at, m.created_at))
    order by m.created_at
    limit p_limit
  $function$;
alter function unstored_media(integer) owner to chatbot_router;
revoke all on function unstored_media(integer) from public;
grant execute on function unstored_media(integer) to chatbot_app;
comment on function unstored_media(integer) is 'Files that no job has stored although one should have.';

create table blocked_senders (
  id uuid default gen_random_uuid() not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  bsuid text,
  phone text,
  is_prefix boolean default false not null,
  created_at timestamp with time zone default now() not null,
  constraint blocked_senders_pkey PRIMARY KEY (id),
  constraint blocked_senders_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint blocked_senders_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint blocked_senders_bsuid_check CHECK (bsuid <> ''::text),
  constraint blocked_senders_one_name CHECK (num_nonnulls(bsuid, phone) = 1),
  constraint blocked_senders_phone_check CHECK (phone ~ '^[0-9]{1,15}$'::text),
  constraint blocked_senders_prefix_of_phone CHECK (phone IS NOT NULL OR NOT is_prefix)
);
comment on table blocked_senders is 'Whom a chatbot does not answer, known before they ever wrote; contacts.is_blocked is about those who did.';
CREATE UNIQUE INDEX blocked_senders_bsuid_key ON blocked_senders USING btree (chatbot_id, bsuid) WHERE bsuid IS NOT NULL;
CREATE UNIQUE INDEX blocked_senders_phone_key ON blocked_senders USING btree (chatbot_id, phone, is_prefix) WHERE phone IS NOT NULL;
CREATE INDEX blocked_senders_organization_chatbot_idx ON blocked_senders USING btree (organization_id, chatbot_id);
alter table blocked_senders enable row level security;
alter table blocked_senders force row level security;
create policy tenant_isolation on blocked_senders for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select on blocked_senders to chatbot_app;

CREATE OR REPLACE FUNCTION public.is_blocked_sender(p_chatbot_id uuid, p_bsuid text, p_phone text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
    select exists (
      select from blocked_senders s
      where s.chatbot_id = p_chatbot_id
        and (s.bsuid = p_bsuid or s.phone = p_phone or s.is_prefix and starts_with(p_phone, s.phone))
    )
  $function$;
revoke all on function is_blocked_sender(uuid,text,text) from public;
grant execute on function is_blocked_sender(uuid,text,text) to chatbot_app;
comment on function is_blocked_sender(uuid,text,text) is 'Whether the chatbot''s block list names this id, this number, or what the number begins with.';

CREATE OR REPLACE FUNCTION public.billing_period(p_timezone text, p_at timestamp with time zone DEFAULT now())
 RETURNS date
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (date_trunc('month'::text, (p_at AT TIME ZONE p_timezone)))::date;
comment on function billing_period(text,timestamp with time zone) is 'The first day of the billing period, which begins at local midnight.';

CREATE OR REPLACE FUNCTION public.turn_tokens()
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN 60000;
comment on function turn_tokens() is 'Tokens that a turn reserves.';

CREATE OR REPLACE FUNCTION public.turn_cost_usd()
 RETURNS numeric
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN 0.1;
comment on function turn_cost_usd() is 'USD that a turn reserves.';

CREATE OR REPLACE FUNCTION public.get_current_usage(p_organization_id uuid)
 RETURNS TABLE(period_start date, messages_used integer, messages_reserved integer, message_limit integer, tokens_used bigint, tokens_reserved bigint, token_limit bigint, cost_usd numeric, cost_reserved_usd numeric, cost_limit_usd numeric, share_used numeric, is_exhausted boolean)
 LANGUAGE sql
 STABLE
AS $function$
    select
      p.period_start, u.messages_used, u.messages_reserved, o.message_limit,
      u.tokens_used, u.tokens_reserved, o.token_limit, u.cost_usd, u.cost_reserved_usd, o.cost_limit_usd,
      -- of the limit that is nearest; a limit of 0 is used up
      round(coalesce(greatest(
        case when o.message_limit = 0 then 1 else u.messages_used::numeric / o.message_limit end,
        case when o.token_limit = 0 then 1 else u.tokens_used::numeric / o.token_limit end,
        case when o.cost_limit_usd = 0 then 1 else u.cost_usd / o.cost_limit_usd end
      ), 0), 4),
      -- when no further turn is let in (f/chat/reserve_message.ts), were nothing reserved
      o.message_limit is not null and u.messages_used >= o.message_limit
        or o.token_limit is not null
          and (u.tokens_used >= o.token_limit or u.tokens_used > greatest(o.token_limit - turn_tokens(), 0))
        or o.cost_limit_usd is not null
          and (u.cost_usd >= o.cost_limit_usd or u.cost_usd > greatest(o.cost_limit_usd - turn_cost_usd(), 0))
    from organizations o
    cross join lateral (select billing_period(o.timezone) as period_start) p
    left join usage_summary s on s.organization_id = o.id and s.period_start = p.period_start
    cross join lateral (
      select
        coalesce(s.messages_used, 0) as messages_used, coalesce(s.messages_reserved, 0) as messages_reserved,
        coalesce(s.tokens_used, 0) as tokens_used, coalesce(s.tokens_reserved, 0) as tokens_reserved,
        coalesce(s.cost_usd, 0) as cost_usd, coalesce(s.cost_reserved_usd, 0) as cost_reserved_usd
    ) u
    where o.id = p_organization_id
  $function$;
revoke all on function get_current_usage(uuid) from public;
grant execute on function get_current_usage(uuid) to chatbot_app;
comment on function get_current_usage(uuid) is 'What an organization has used in its current billing period, and of which limits; no row for a foreign one.';

CREATE OR REPLACE FUNCTION public.apply_quota(p_organization_id uuid)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
  declare
    v_usage record;
  begin
    select * into v_usage from get_current_usage(p_organization_id);
    if v_usage.is_exhausted then
      update chatbots set is_active = false, disabled_by_quota = true
      where organization_id = p_organization_id and is_active;
    else
      update chatbots set is_active = true, disabled_by_quota = false
      where organization_id = p_organization_id and disabled_by_quota;
    end if;
    insert into system_alerts (organization_id, severity, kind, alert_key, summary, details)
    select
      p_organization_id, a.severity, a.kind,
      a.kind || ':' || p_organization_id || ':' || v_usage.period_start, a.summary,
      jsonb_build_object(
        'period', v_usage.period_start, 'messages', v_usage.messages_used, 'message_limit', v_usage.message_limit,
        'tokens', v_usage.tokens_used, 'token_limit', v_usage.token_limit,
        'cost_usd', v_usage.cost_usd, 'cost_limit_usd', v_usage.cost_limit_usd
      )
    from (values
      ('warning', 'quota_nearly_used', 'The organization has used 80 % of its quota.', v_usage.share_used >= 0.8),
      ('error', 'quota_used', 'The organization has used its quota up: its chatbots are switched off until the next period or a higher limit.', v_usage.is_exhausted)
    ) as a (severity, kind, summary, is_due)
    where a.is_due
    on conflict do nothing;
  end
  $function$;
revoke all on function apply_quota(uuid) from public;
grant execute on function apply_quota(uuid) to chatbot_app;
comment on function apply_quota(uuid) is 'Switches the organization''s chatbots off or on again as its quota says, and writes the alerts of 80 % and 100 % once a period.';

CREATE OR REPLACE FUNCTION public.tg_usage_summary__apply_quota()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    perform apply_quota(new.organization_id);
    return null;
  end
  $function$;
comment on function tg_usage_summary__apply_quota() is 'Lets usage take effect when it is counted.';

CREATE OR REPLACE FUNCTION public.tg_organizations__apply_quota()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    perform apply_quota(new.id);
    return null;
  end
  $function$;
comment on function tg_organizations__apply_quota() is 'Lets another limit take effect at once.';

CREATE OR REPLACE FUNCTION public.reset_billing_period()
 RETURNS TABLE(organization_id uuid, period_start date)
 LANGUAGE sql
AS $function$
    insert into usage_summary (organization_id, period_start)
    select o.id, billing_period(o.timezone) from organizations o
    on conflict do nothing
    returning usage_summary.organization_id, usage_summary.period_start
  $function$;
revoke all on function reset_billing_period() from public;
grant execute on function reset_billing_period() to chatbot_app;
comment on function reset_billing_period() is 'Opens the billing period that has begun where it is not open yet, which switches on what the last one''s quota had switched off. Answers what it opened.';

CREATE OR REPLACE FUNCTION public.recount_usage()
 RETURNS TABLE(organization_id uuid, period_start date, counted jsonb, recounted jsonb)
 LANGUAGE plpgsql
AS $function$
  #variable_conflict use_column
  begin
    -- what is older may have been purged
    perform from usage_summary s join organizations o on o.id = s.organization_id
    where s.period_start >= billing_period(o.timezone) - interval '1 month'
    order by s.organization_id, s.period_start for update of s;
    return query
    with ledger as (
      select l.organization_id, t.reserved_period as period_start,
        count(distinct l.turn_id) filter (where l.purpose = 'reply')::integer as messages_used,
        sum(l.input_tokens + l.output_tokens)::bigint as tokens_used, sum(l.cost_usd) as cost_usd
      from usage_logs l join turns t on t.organization_id = l.organization_id and t.id = l.turn_id
      group by l.organization_id, t.reserved_period
    ),
    reserved as (
      select t.organization_id, t.reserved_period as period_start, count(*)::integer as messages_reserved,
        sum(t.reserved_tokens)::bigint as tokens_reserved, sum(t.reserved_cost_usd) as cost_reserved_usd
      from turns t where t.reserved_period is not null and t.usage_settled_at is null
      group by t.organization_id, t.reserved_period
    ),
    truth as (
      select s.organization_id, s.period_start,
        coalesce(l.messages_used, 0) as messages_used, coalesce(l.tokens_used, 0) as tokens_used,
        coalesce(l.cost_usd, 0)::numeric(14, 8) as cost_usd, coalesce(r.messages_reserved, 0) as messages_reserved,
        coalesce(r.tokens_reserved, 0) as tokens_reserved,
        coalesce(r.cost_reserved_usd, 0)::numeric(14, 8) as cost_reserved_usd,
        jsonb_build_object('messages_used', s.messages_used, 'tokens_used', s.tokens_used, 'cost_usd', s.cost_usd,
          'messages_reserved', s.messages_reserved, 'tokens_reserved', s.tokens_reserved,
          'cost_reserved_usd', s.cost_reserved_usd) as counted
      from usage_summary s join organizations o on o.id = s.organization_id
      left join ledger l using (organization_id, period_start)
      left join reserved r using (organization_id, period_start)
      where s.period_start >= billing_period(o.timezone) - interval '1 month'
    )
    update usage_summary s set
      messages_used = t.messages_used, tokens_used = t.tokens_used, cost_usd = t.cost_usd,
      messages_reserved = t.messages_reserved, tokens_reserved = t.tokens_reserved,
      cost_reserved_usd = t.cost_reserved_usd
    from truth t
    where s.organization_id = t.organization_id and s.period_start = t.period_start
      and (s.messages_used, s.tokens_used, s.cost_usd, s.messages_reserved, s.tokens_reserved, s.cost_reserved_usd)
        is distinct from
        (t.messages_used, t.tokens_used, t.cost_usd, t.messages_reserved, t.tokens_reserved, t.cost_reserved_usd)
    returning s.organization_id, s.period_start, t.counted,
      jsonb_build_object('messages_used', t.messages_used, 'tokens_used', t.tokens_used, 'cost_usd', t.cost_usd,
        'messages_reserved', t.messages_reserved, 'tokens_reserved', t.tokens_reserved,
        'cost_reserved_usd', t.cost_reserved_usd);
  end
  $function$;
revoke all on function recount_usage() from public;
grant execute on function recount_usage() to chatbot_app;
comment on function recount_usage() is 'Makes the counters of this period and the last what the ledger and the open reservations say, and answers what differed.';

CREATE OR REPLACE FUNCTION public.billed_organizations()
 RETURNS TABLE(organization_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select id from organizations order by id
  $function$;
alter function billed_organizations() owner to chatbot_router;
revoke all on function billed_organizations() from public;
grant execute on function billed_organizations() to chatbot_app;
comment on function billed_organizations() is 'all_organizations(), as the scripts from before migration 0049 call it.';

CREATE OR REPLACE FUNCTION public.lost_reservations(p_limit integer)
 RETURNS TABLE(organization_id uuid, id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id, id from turns
    where reserved_period is not null and usage_settled_at is null and finished_at < now() - interval '15 minutes'
    order by finished_at limit p_limit
  $function$;
alter function lost_reservations(integer) owner to chatbot_router;
revoke all on function lost_reservations(integer) from public;
grant execute on function lost_reservations(integer) to chatbot_app;
comment on function lost_reservations(integer) is 'Finished turns whose reservation nobody settled or released, the oldest first.';

CREATE OR REPLACE FUNCTION public.tool_usage_stats(p_since timestamp with time zone)
 RETURNS TABLE(chatbot_id uuid, integration_id uuid, tool_name text, calls bigint, failures bigint, mean_duration_ms numeric, last_call_at timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  select e.chatbot_id, e.integration_id, e.tool_name, count(*),
    count(*) filter (where e.status <> 'ok'), round(avg(e.duration_ms)), max(e.created_at)
  from tool_executions e
  where e.created_at >= p_since
  group by e.chatbot_id, e.integration_id, e.tool_name
$function$;
revoke all on function tool_usage_stats(timestamp with time zone) from public;
grant execute on function tool_usage_stats(timestamp with time zone) to chatbot_app;
comment on function tool_usage_stats(timestamp with time zone) is 'How often each tool of the tenant was called since then, and how often in vain.';

CREATE OR REPLACE FUNCTION public.recent_tool_failures(p_limit integer)
 RETURNS TABLE(id bigint, chatbot_id uuid, integration_id uuid, turn_id uuid, tool_name text, status text, error text, duration_ms integer, created_at timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  select e.id, e.chatbot_id, e.integration_id, e.turn_id, e.tool_name,
    e.status, e.error, e.duration_ms, e.created_at
  from tool_executions e
  where e.status <> 'ok'
  order by e.created_at desc, e.id desc
  limit p_limit
$function$;
revoke all on function recent_tool_failures(integer) from public;
grant execute on function recent_tool_failures(integer) to chatbot_app;
comment on function recent_tool_failures(integer) is 'The tenant''s latest tool calls that failed, timed out or were refused, newest first.';

create table integration_tools (
  organization_id uuid not null,
  integration_id uuid not null,
  server_hash text not null,
  tools jsonb,
  way jsonb,
  listed_at timestamp with time zone,
  failed_at timestamp with time zone,
  constraint integration_tools_pkey PRIMARY KEY (integration_id),
  constraint integration_tools_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint integration_tools_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES org_integrations(organization_id, id) ON DELETE CASCADE,
  constraint integration_tools_check CHECK ((tools IS NULL) = (listed_at IS NULL)),
  constraint integration_tools_check1 CHECK ((tools IS NULL) = (way IS NULL)),
  constraint integration_tools_server_hash_check CHECK (server_hash <> ''::text),
  constraint integration_tools_tools_check CHECK (jsonb_typeof(tools) = 'array'::text),
  constraint integration_tools_way_check CHECK (jsonb_typeof(way) = 'object'::text)
);
comment on table integration_tools is 'The tools that an MCP server listed last, or since when it does not answer.';
CREATE INDEX integration_tools_organization_idx ON integration_tools USING btree (organization_id, integration_id);
alter table integration_tools enable row level security;
alter table integration_tools force row level security;
create policy tenant_isolation on integration_tools for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on integration_tools to chatbot_app;

create table integration_sessions (
  organization_id uuid not null,
  integration_id uuid not null,
  contact_id uuid not null,
  server_hash text not null,
  session_id text not null,
  protocol_version text not null,
  used_at timestamp with time zone default now() not null,
  constraint integration_sessions_pkey PRIMARY KEY (integration_id, contact_id),
  constraint integration_sessions_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES contacts(organization_id, id) ON DELETE CASCADE,
  constraint integration_sessions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint integration_sessions_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES org_integrations(organization_id, id) ON DELETE CASCADE,
  constraint integration_sessions_protocol_version_check CHECK (protocol_version <> ''::text),
  constraint integration_sessions_server_hash_check CHECK (server_hash <> ''::text),
  constraint integration_sessions_session_id_check CHECK (session_id <> ''::text)
);
comment on table integration_sessions is 'A contact''s session at an MCP server, which the next turn goes on with.';
CREATE INDEX integration_sessions_integration_idx ON integration_sessions USING btree (organization_id, integration_id);
CREATE INDEX integration_sessions_contact_idx ON integration_sessions USING btree (organization_id, contact_id);
alter table integration_sessions enable row level security;
alter table integration_sessions force row level security;
create policy tenant_isolation on integration_sessions for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on integration_sessions to chatbot_app;

create table tool_definitions (
  organization_id uuid not null,
  integration_id uuid not null,
  tool_name text not null,
  definition_hash text not null,
  approved_hash text not null,
  changed_at timestamp with time zone,
  window_started_at timestamp with time zone default now() not null,
  window_calls integer default 0 not null,
  consecutive_failures integer default 0 not null,
  open_until timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint tool_definitions_pkey PRIMARY KEY (integration_id, tool_name),
  constraint tool_definitions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint tool_definitions_organization_id_integration_id_fkey FOREIGN KEY (organization_id, integration_id) REFERENCES org_integrations(organization_id, id) ON DELETE CASCADE,
  constraint tool_definitions_consecutive_failures_check CHECK (consecutive_failures >= 0),
  constraint tool_definitions_tool_name_check CHECK (tool_name <> ''::text),
  constraint tool_definitions_window_calls_check CHECK (window_calls >= 0)
);
comment on table tool_definitions is 'A tool of an integration: the definition that was approved, how often it is called and whether it works.';
CREATE INDEX tool_definitions_organization_idx ON tool_definitions USING btree (organization_id, integration_id);
alter table tool_definitions enable row level security;
alter table tool_definitions force row level security;
create policy tenant_isolation on tool_definitions for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select, update on tool_definitions to chatbot_app;

create table knowledge_usage (
  organization_id uuid not null,
  source_count integer default 0 not null,
  storage_bytes bigint default 0 not null,
  upload_day date,
  uploads_that_day integer default 0 not null,
  updated_at timestamp with time zone default now() not null,
  constraint knowledge_usage_pkey PRIMARY KEY (organization_id),
  constraint knowledge_usage_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint knowledge_usage_source_count_check CHECK (source_count >= 0),
  constraint knowledge_usage_storage_bytes_check CHECK (storage_bytes >= 0),
  constraint knowledge_usage_uploads_that_day_check CHECK (uploads_that_day >= 0)
);
comment on table knowledge_usage is 'What an organization''s knowledge sources come to: the counters that an upload is checked against.';
alter table knowledge_usage enable row level security;
alter table knowledge_usage force row level security;
create policy counting on knowledge_usage for all to chatbot_router using (true) with check (true);
create policy tenant_isolation on knowledge_usage for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant insert, select, update on knowledge_usage to chatbot_app;
grant insert, select, update on knowledge_usage to chatbot_router;

CREATE OR REPLACE FUNCTION public.tg_knowledge_sources__count()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    begin
      if tg_op = 'INSERT' then
        insert into knowledge_usage (organization_id, source_count, storage_bytes)
        values (new.organization_id, 1, new.byte_size)
        on conflict (organization_id) do update set
          source_count = knowledge_usage.source_count + 1,
          storage_bytes = knowledge_usage.storage_bytes + excluded.storage_bytes;
      elsif tg_op = 'UPDATE' then
        update knowledge_usage set storage_bytes = storage_bytes + new.byte_size - old.byte_size
        where organization_id = new.organization_id;
      else
        update knowledge_usage set source_count = source_count - 1, storage_bytes = storage_bytes - old.byte_size
        where organization_id = old.organization_id;
      end if;
      return null;
    end
  $function$;
alter function tg_knowledge_sources__count() owner to chatbot_router;
revoke all on function tg_knowledge_sources__count() from public;

create table embedding_usage_logs (
  id bigint generated always as identity not null,
  organization_id uuid not null,
  chatbot_id uuid not null,
  knowledge_source_id uuid,
  model text not null,
  texts integer not null,
  tokens integer not null,
  cost_usd numeric(14,8) default 0 not null,
  price_usd numeric(12,6),
  created_at timestamp with time zone default now() not null,
  constraint embedding_usage_logs_pkey PRIMARY KEY (id),
  constraint embedding_usage_logs_organization_id_chatbot_id_fkey FOREIGN KEY (organization_id, chatbot_id) REFERENCES chatbots(organization_id, id) ON DELETE CASCADE,
  constraint embedding_usage_logs_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint embedding_usage_logs_organization_id_knowledge_source_id_fkey FOREIGN KEY (organization_id, knowledge_source_id) REFERENCES knowledge_sources(organization_id, id) ON DELETE SET NULL (knowledge_source_id),
  constraint embedding_usage_logs_cost_usd_check CHECK (cost_usd >= 0::numeric),
  constraint embedding_usage_logs_texts_check CHECK (texts >= 0),
  constraint embedding_usage_logs_tokens_check CHECK (tokens >= 0)
);
comment on table embedding_usage_logs is 'The ledger of what embedding the documents used, one row for each run that embedded anything.';
CREATE INDEX embedding_usage_logs_organization_idx ON embedding_usage_logs USING btree (organization_id, created_at);
alter table embedding_usage_logs enable row level security;
alter table embedding_usage_logs force row level security;
create policy tenant_isolation on embedding_usage_logs for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant insert, select on embedding_usage_logs to chatbot_app;

create table role_permissions (
  role text not null,
  action text not null,
  constraint role_permissions_pkey PRIMARY KEY (role, action),
  constraint role_permissions_action_check CHECK (action ~ '^[a-z_]+$'::text),
  constraint role_permissions_role_check CHECK (role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text]))
);
comment on table role_permissions is 'What each role of a dashboard login may do.';
grant select on role_permissions to chatbot_app;

CREATE OR REPLACE FUNCTION public.is_permitted(p_user_id uuid, p_action text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
    select exists (
      select from users u join role_permissions p on p.role = u.role
      where u.id = p_user_id and p.action = p_action
    )
  $function$;
revoke all on function is_permitted(uuid,text) from public;
grant execute on function is_permitted(uuid,text) to chatbot_app;
comment on function is_permitted(uuid,text) is 'Whether the role of this user of the organization allows the action.';

create table audit_log (
  id bigint generated always as identity not null,
  organization_id uuid,
  action text not null,
  user_id uuid,
  windmill_user text default ''::text not null,
  job_id text,
  subject_table text not null,
  subject_id text not null,
  details jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  constraint audit_log_pkey PRIMARY KEY (id),
  constraint audit_log_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint audit_log_organization_id_user_id_fkey FOREIGN KEY (organization_id, user_id) REFERENCES users(organization_id, id) ON DELETE SET NULL (user_id),
  constraint audit_log_details_check CHECK (jsonb_typeof(details) = 'object'::text)
);
comment on table audit_log is 'Who did what by hand, in the dashboard or in Windmill. Nothing in it is changed or deleted.';
CREATE INDEX audit_log_organization_idx ON audit_log USING btree (organization_id, created_at);
CREATE INDEX audit_log_user_idx ON audit_log USING btree (organization_id, user_id) WHERE user_id IS NOT NULL;
alter table audit_log enable row level security;
alter table audit_log force row level security;
create policy tenant_isolation on audit_log for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)) OR organization_id IS NULL);
grant insert, select on audit_log to chatbot_app;

CREATE OR REPLACE FUNCTION public.credentials_to_rotate(p_key_version text)
 RETURNS TABLE(organization_id uuid, owner_table text, owner_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id, 'chatbots', id from chatbots where whatsapp_access_token_key <> p_key_version
    union all
    select organization_id, 'org_integrations', id from org_integrations where credentials_key <> p_key_version
  $function$;
alter function credentials_to_rotate(text) owner to chatbot_router;
revoke all on function credentials_to_rotate(text) from public;
grant execute on function credentials_to_rotate(text) to chatbot_app;
comment on function credentials_to_rotate(text) is 'The credentials that are sealed with another key than this one.';

CREATE OR REPLACE FUNCTION public.integration_organization(p_integration_id uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select organization_id from org_integrations where id = p_integration_id
  $function$;
alter function integration_organization(uuid) owner to chatbot_router;
revoke all on function integration_organization(uuid) from public;
grant execute on function integration_organization(uuid) to chatbot_app;
comment on function integration_organization(uuid) is 'The tenant of an integration; null when there is no such integration.';

CREATE OR REPLACE FUNCTION public.untold_alerts(p_limit integer)
 RETURNS TABLE(alert_key text, severity text, summary text, details jsonb, flow_job_id text, repeats bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select a.alert_key, a.severity, a.summary, a.details, a.flow_job_id, (
      select count(*) from system_alerts r where r.repeats_alert_id = a.id
    )
    from system_alerts a
    -- who raised it may be telling it at this moment; what is older than a day is history
    where a.slack_posted_at is null and a.repeats_alert_id is null
      and a.created_at between now() - interval '1 day' and now() - interval '1 minute'
    order by a.created_at
    limit p_limit
  $function$;
alter function untold_alerts(integer) owner to chatbot_router;
revoke all on function untold_alerts(integer) from public;
grant execute on function untold_alerts(integer) to chatbot_app;
comment on function untold_alerts(integer) is 'Alerts of every organization that Slack did not take, oldest first.';

CREATE OR REPLACE FUNCTION public.note_alert_told(p_alert_key text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    update system_alerts set slack_posted_at = now() where alert_key = p_alert_key and slack_posted_at is null
  $function$;
alter function note_alert_told(text) owner to chatbot_router;
revoke all on function note_alert_told(text) from public;
grant execute on function note_alert_told(text) to chatbot_app;
comment on function note_alert_told(text) is 'Notes that Slack has an alert, also one of no organization, which no tenant can read.';

CREATE OR REPLACE FUNCTION public.is_alert_told(p_alert_key text)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select exists (select from system_alerts where alert_key = p_alert_key and slack_posted_at is not null)
  $function$;
alter function is_alert_told(text) owner to chatbot_router;
revoke all on function is_alert_told(text) from public;
grant execute on function is_alert_told(text) to chatbot_app;
comment on function is_alert_told(text) is 'Whether Slack has an alert, also one of no organization, which no tenant can read.';

CREATE OR REPLACE FUNCTION public.tg_contacts__stay_erased()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
  begin
    return null;
  end
  $function$;
comment on function tg_contacts__stay_erased() is 'Leaves the row of an erased contact as it is.';

create table erasures (
  id uuid default gen_random_uuid() not null,
  organization_id uuid not null,
  contact_id uuid not null,
  user_id uuid,
  windmill_user text default ''::text not null,
  flow_job_ids text[] default '{}'::text[] not null,
  webhook_event_ids bigint[] default '{}'::bigint[] not null,
  file_keys text[] default '{}'::text[] not null,
  removed jsonb default '{}'::jsonb not null,
  started_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  constraint erasures_pkey PRIMARY KEY (id),
  constraint erasures_organization_id_contact_id_key UNIQUE (organization_id, contact_id),
  constraint erasures_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint erasures_organization_id_user_id_fkey FOREIGN KEY (organization_id, user_id) REFERENCES users(organization_id, id) ON DELETE SET NULL (user_id),
  constraint erasures_nothing_left CHECK (finished_at IS NULL OR (cardinality(flow_job_ids) + cardinality(webhook_event_ids) + cardinality(file_keys)) = 0),
  constraint erasures_removed_check CHECK (jsonb_typeof(removed) = 'object'::text)
);
comment on table erasures is 'What was removed of a contact, when and by whom: a certificate without personal data.';
CREATE INDEX erasures_unfinished_idx ON erasures USING btree (organization_id, started_at) WHERE finished_at IS NULL;
CREATE INDEX erasures_user_idx ON erasures USING btree (organization_id, user_id) WHERE user_id IS NOT NULL;
alter table erasures enable row level security;
alter table erasures force row level security;
create policy tenant_isolation on erasures for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant insert, select, update on erasures to chatbot_app;

CREATE OR REPLACE FUNCTION public.delete_unrouted_webhook_events(p_limit integer)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    with deleted as (
      delete from webhook_events where id in (
        select id from webhook_events
        where organization_id is null and received_at < now() - interval '30 days'
        limit p_limit
      )
      returning id
    )
    select count(*)::integer from deleted
  $function$;
alter function delete_unrouted_webhook_events(integer) owner to chatbot_router;
revoke all on function delete_unrouted_webhook_events(integer) from public;
grant execute on function delete_unrouted_webhook_events(integer) to chatbot_app;
comment on function delete_unrouted_webhook_events(integer) is 'Deletes what came for a number that no chatbot has, after 30 days, and answers how many.';

CREATE OR REPLACE FUNCTION public.nearest_chunks(p_chatbot_id uuid, p_embedding vector, p_limit integer)
 RETURNS TABLE(chunk_id bigint, distance double precision)
 LANGUAGE sql
 STABLE
AS $function$
    with short_list as materialized (
      select key & ((1::bigint << 40) - 1) as id
      from (
        -- in a query of its own the question's bits are computed once, else for each chunk
        select (embedding_bits <~> (select binary_quantize(p_embedding)::bit(1536)))::bigint << 40 | id as key
        from document_chunks
        where chatbot_id = p_chatbot_id
        order by key
        limit greatest(300, 8 * p_limit)
      ) by_bits
    ),
    listed as materialized (
      select c.id, c.embedding <=> p_embedding as distance
      from short_list
      join document_chunks c using (id)
      join knowledge_sources s on s.id = c.knowledge_source_id and s.live_version = c.version
    )
    select id, distance
    from listed
    where (select count(*) from listed) = (select count(*) from short_list)
    union all
    select chunk_id, distance
    from nearest_live_chunks(p_chatbot_id, p_embedding, p_limit)
    where (select count(*) from listed) < (select count(*) from short_list)
    order by distance, id
    limit p_limit
  $function$;
revoke all on function nearest_chunks(uuid,vector,integer) from public;
grant execute on function nearest_chunks(uuid,vector,integer) to chatbot_app;
comment on function nearest_chunks(uuid,vector,integer) is 'The p_limit chunks of a chatbot that are nearest to a query embedding, with their cosine distance (0 to 2), nearest first.';

CREATE OR REPLACE FUNCTION public.search_knowledge_base(p_chatbot_id uuid, p_query_embedding vector, p_top_k integer DEFAULT 5, p_threshold double precision DEFAULT 0.25)
 RETURNS TABLE(chunk_id bigint, knowledge_source_id uuid, source_name text, page integer, content text, similarity double precision)
 LANGUAGE sql
 STABLE
AS $function$
    select c.id, s.id, s.name, c.page, c.content, 1 - nearest.distance
    from nearest_chunks(p_chatbot_id, p_query_embedding, p_top_k) nearest
    join document_chunks c on c.id = nearest.chunk_id
    join knowledge_sources s on s.id = c.knowledge_source_id
    where 1 - nearest.distance >= p_threshold
    order by nearest.distance, c.id
  $function$;
revoke all on function search_knowledge_base(uuid,vector,integer,double precision) from public;
grant execute on function search_knowledge_base(uuid,vector,integer,double precision) to chatbot_app;
comment on function search_knowledge_base(uuid,vector,integer,double precision) is 'The p_top_k passages nearest to a query embedding, with a cosine similarity of at least p_threshold.';

CREATE OR REPLACE FUNCTION public.pages_to_resync(p_limit integer)
 RETURNS TABLE(organization_id uuid, id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select due.organization_id, due.id
    from (
      select s.organization_id, s.id, coalesce(s.checked_at, s.processed_at) as looked_at,
        row_number() over (
          partition by s.organization_id order by coalesce(s.checked_at, s.processed_at) nulls first, s.id
        ) as place
      from knowledge_sources s
      where s.source_type = 'url' and s.live_version > 0 and s.status in ('ready', 'failed')
        and (coalesce(s.checked_at, s.processed_at) < now() - interval '1 day') is not false
    ) due
    order by due.place, due.looked_at nulls first, due.id
    limit p_limit
  $function$;
alter function pages_to_resync(integer) owner to chatbot_router;
revoke all on function pages_to_resync(integer) from public;
grant execute on function pages_to_resync(integer) to chatbot_app;
comment on function pages_to_resync(integer) is 'Web pages among the knowledge sources that nobody has looked at for a day.';

create table unused_files (
  organization_id uuid not null,
  s3_key text not null,
  created_at timestamp with time zone default now() not null,
  constraint unused_files_pkey PRIMARY KEY (organization_id, s3_key),
  constraint unused_files_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  constraint unused_files_s3_key_check CHECK (s3_key <> ''::text)
);
comment on table unused_files is 'Files in the object storage whose knowledge source has been deleted, until they are removed, too.';
alter table unused_files enable row level security;
alter table unused_files force row level security;
create policy noting on unused_files for all to chatbot_router using (true) with check (true);
create policy tenant_isolation on unused_files for all to public using (organization_id = (( SELECT current_organization_id() AS current_organization_id))) with check (organization_id = (( SELECT current_organization_id() AS current_organization_id)));
grant delete, insert, select on unused_files to chatbot_app;
grant insert, select on unused_files to chatbot_router;

CREATE OR REPLACE FUNCTION public.tg_knowledge_sources__unused_file()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    begin
      insert into unused_files (organization_id, s3_key)
      select o.id, old.s3_key from organizations o where o.id = old.organization_id
      on conflict do nothing;
      return null;
    end
  $function$;
alter function tg_knowledge_sources__unused_file() owner to chatbot_router;
revoke all on function tg_knowledge_sources__unused_file() from public;

CREATE OR REPLACE FUNCTION public.organizations_with_unused_files()
 RETURNS TABLE(organization_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select distinct organization_id from unused_files
  $function$;
alter function organizations_with_unused_files() owner to chatbot_router;
revoke all on function organizations_with_unused_files() from public;
grant execute on function organizations_with_unused_files() to chatbot_app;
comment on function organizations_with_unused_files() is 'Whose files wait to be removed.';

CREATE OR REPLACE FUNCTION public.late_refusals(p_limit integer)
 RETURNS TABLE(organization_id uuid, id bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select m.organization_id, m.id
    from messages m join turns t on t.id = m.turn_id
    where m.delivery_status in ('failed', 'pending')
      and (m.template_attempts > 0 or m.delivery_error ->> 'code' = '131047')
      and m.author = 'chatbot'
      -- a template that is put off says why itself; what WhatsApp refused at once, and what nobody confirmed, has its alert
      and (m.template_attempts > 0 or m.delivery_error ->> 'kind' is null)
      and m.delivery_error ->> 'kind' is distinct from 'unconfirmed'
      -- older alerts may have been purged
      and m.status_changed_at > now() - interval '7 days'
      and is_recovery_due(m.template_attempts, m.status_changed_at)
      and t.status in ('completed', 'failed')
      and not exists (select from system_alerts a where a.alert_key = 'delivery_failed:' || m.id)
    -- the parts of a reply in their order
    order by m.id
    limit p_limit
  $function$;
alter function late_refusals(integer) owner to chatbot_router;
revoke all on function late_refusals(integer) from public;
grant execute on function late_refusals(integer) to chatbot_app;
comment on function late_refusals(integer) is 'Replies that WhatsApp took as text and refused later, and that neither a template nor an alert has ended yet.';

CREATE OR REPLACE FUNCTION public.all_organizations()
 RETURNS TABLE(organization_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select id from organizations order by id
  $function$;
alter function all_organizations() owner to chatbot_router;
revoke all on function all_organizations() from public;
grant execute on function all_organizations() to chatbot_app;
comment on function all_organizations() is 'Every organization, for what is done for each of them.';

CREATE OR REPLACE FUNCTION public.apply_delivery_statuses(p_events jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
  begin
    with status as (
      select c.id as chatbot_id, e.wamid, e.delivery_status, e.delivery_key, e.delivery_error, e.changed_at
      from jsonb_to_recordset(p_events) as e (
        kind text, phone_number_id text,
        wamid text, delivery_status text, delivery_key uuid, delivery_error jsonb, changed_at bigint
      )
      join chatbots c on c.phone_number_id = e.phone_number_id
      where e.kind = 'status'
    ),
    -- several statuses of one message may share a POST: only the furthest counts
    furthest as (
      select distinct on (m.id)
        m.id, s.wamid, s.delivery_status, s.delivery_error, s.changed_at
      from status s
      join messages m on m.chatbot_id = s.chatbot_id
        and (
          m.wamid = s.wamid
          -- by its key only if no message has that wamid: one that has is the one meant
          or m.delivery_key = s.delivery_key and not exists (
            select from messages known where known.chatbot_id = s.chatbot_id and known.wamid = s.wamid
          )
        )
      where m.author = 'chatbot'
        and delivery_rank(s.delivery_status) > delivery_rank(m.delivery_status)
      order by m.id, delivery_rank(s.delivery_status) desc
    )
    update messages m set
      wamid = coalesce(m.wamid, f.wamid),
      delivery_status = f.delivery_status,
      delivery_error = coalesce(f.delivery_error, m.delivery_error),
      -- Meta's webhook may lack it
      status_changed_at = coalesce(to_timestamp(f.changed_at), now())
    from furthest f
    -- asked again: another POST may have moved the row while this one waited for its lock
    where m.id = f.id and delivery_rank(f.delivery_status) > delivery_rank(m.delivery_status);
  end
  $function$;
alter function apply_delivery_statuses(jsonb) owner to chatbot_router;
revoke all on function apply_delivery_statuses(jsonb) from public;
comment on function apply_delivery_statuses(jsonb) is 'Moves our messages to the delivery statuses that a webhook POST brings, forwards only.';

CREATE OR REPLACE FUNCTION public.nearest_live_chunks(p_chatbot_id uuid, p_embedding vector, p_limit integer)
 RETURNS TABLE(chunk_id bigint, distance double precision)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public'
AS $function$
    with short_list as materialized (
      select c.id
      from document_chunks c
      join knowledge_sources s on s.id = c.knowledge_source_id and s.live_version = c.version
      where c.chatbot_id = p_chatbot_id
      order by c.embedding_bits <~> (select binary_quantize(p_embedding)::bit(1536)), c.id
      limit greatest(300, 8 * p_limit)
    )
    select c.id, c.embedding <=> p_embedding as distance
    from short_list join document_chunks c using (id)
    order by distance, c.id
    limit p_limit
  $function$;
revoke all on function nearest_live_chunks(uuid,vector,integer) from public;
grant execute on function nearest_live_chunks(uuid,vector,integer) to chatbot_app;
comment on function nearest_live_chunks(uuid,vector,integer) is 'What nearest_chunks returns, found without the chunks that are not live: slower, and seldom needed.';

CREATE OR REPLACE FUNCTION public.score_chunks_by_words(p_chatbot_id uuid, p_question text, p_also bigint[] DEFAULT '{}'::bigint[])
 RETURNS TABLE(chunk_id bigint, coverage double precision)
 LANGUAGE sql
 STABLE
AS $function$
    with question as materialized (
      select lexeme collate "C" as lexeme
      from chatbots c, unnest(tsvector_to_array(lexemes_of(c.text_search_language, p_question))) as lexeme
      where c.id = p_chatbot_id
    ),
    live as materialized (
      select lexeme, chunk_ids, weights
      from chunk_lexemes
      where chatbot_id = p_chatbot_id and lexeme = any (array(select lexeme from question))
        and ((knowledge_source_id, version) in (
          select id, live_version from knowledge_sources where chatbot_id = p_chatbot_id)) is true
    ),
    frequency as (
      select lexeme, sum(cardinality(chunk_ids))::float8 as chunks from live group by lexeme
    ),
    total as materialized (
      select greatest(
        100,
        (select sum(chunk_count) from knowledge_sources where chatbot_id = p_chatbot_id),
        (select max(chunks) from frequency)) as chunks
    ),
    rarity as (
      select
        lexeme,
        case
          when f.chunks is null then ln(1 + (total.chunks + 0.5) / 0.5) / 2
          else ln(1 + (total.chunks - f.chunks + 0.5) / (f.chunks + 0.5))
        end as value
      from question left join frequency f using (lexeme), total
    ),
    share as materialized (
      select
        lexeme,
        value / sum(value) over () as share,
        sum(value) over (order by value, lexeme) >= 0.2 * sum(value) over () as is_telling
      from rarity
    ),
    candidate as materialized (
      (
        select id
        from (
          select unnest(chunk_ids) as id, unnest(weights) as weight, share
          from live join share using (lexeme)
          where is_telling
        ) occurring
        group by id
        order by sum(share * weight) desc, id
        limit 160
      )
      union all
      select unnest(p_also)
    )
    select id, sum(share * weights[array_position(chunk_ids, id)])
    from (
      select unnest(chunk_ids) as id, chunk_ids, weights, share
      from live join share using (lexeme)
      -- or the lists that can hold none of them would be gone through, half of all
      where int8range(chunk_ids[1], chunk_ids[cardinality(chunk_ids)], '[]')
        && (select range_agg(int8range(id, id, '[]')) from candidate)
    ) occurring
    where (id in (select id from candidate)) is true
    group by id
  $function$;
revoke all on function score_chunks_by_words(uuid,text,bigint[]) from public;
grant execute on function score_chunks_by_words(uuid,text,bigint[]) to chatbot_app;
comment on function score_chunks_by_words(uuid,text,bigint[]) is 'The live chunks of a chatbot that cover most of a question, at most 160, and those of p_also that share a word with it, with the share of the question that each covers (0 to 1).';

CREATE TRIGGER _100_updated_at BEFORE UPDATE ON chatbots FOR EACH ROW WHEN (NOT new.paced_until IS DISTINCT FROM old.paced_until) EXECUTE FUNCTION tg__updated_at();
CREATE TRIGGER _010_stay_erased BEFORE UPDATE ON contacts FOR EACH ROW WHEN (old.erased_at IS NOT NULL) EXECUTE FUNCTION tg_contacts__stay_erased();
CREATE TRIGGER _100_updated_at BEFORE UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION tg__updated_at();
CREATE TRIGGER _500_forget AFTER DELETE ON document_chunks REFERENCING OLD TABLE AS old_chunks FOR EACH STATEMENT EXECUTE FUNCTION tg_document_chunks__forget();
CREATE TRIGGER _500_index AFTER INSERT ON document_chunks REFERENCING NEW TABLE AS new_chunks FOR EACH STATEMENT EXECUTE FUNCTION tg_document_chunks__index();
CREATE TRIGGER _100_updated_at BEFORE UPDATE ON knowledge_sources FOR EACH ROW EXECUTE FUNCTION tg__updated_at();
CREATE TRIGGER _200_count AFTER INSERT OR DELETE OR UPDATE OF byte_size ON knowledge_sources FOR EACH ROW EXECUTE FUNCTION tg_knowledge_sources__count();
CREATE TRIGGER _210_unused_file AFTER DELETE ON knowledge_sources FOR EACH ROW WHEN (old.s3_key IS NOT NULL) EXECUTE FUNCTION tg_knowledge_sources__unused_file();
CREATE TRIGGER _100_updated_at BEFORE UPDATE ON knowledge_usage FOR EACH ROW EXECUTE FUNCTION tg__updated_at();
CREATE TRIGGER _200_alert_of_failure AFTER UPDATE OF delivery_status ON messages FOR EACH ROW WHEN (new.author = 'chatbot'::text AND new.delivery_status = 'failed'::text AND old.delivery_status <> 'failed'::text AND (new.delivery_error ->> 'code'::text) IS NOT NULL AND (new.delivery_error ->> 'kind'::text) IS NULL) EXECUTE FUNCTION tg_messages__alert_of_failure();
CREATE TRIGGER _100_updated_at BEFORE UPDATE ON org_integrations FOR EACH ROW EXECUTE FUNCTION tg__updated_at();
CREATE TRIGGER _100_updated_at BEFORE UPDATE ON organizations FOR EACH ROW EXECUTE FUNCTION tg__updated_at();
CREATE TRIGGER _200_apply_quota AFTER UPDATE OF message_limit, token_limit, cost_limit_usd, timezone ON organizations FOR EACH ROW EXECUTE FUNCTION tg_organizations__apply_quota();
CREATE TRIGGER _100_updated_at BEFORE UPDATE ON usage_summary FOR EACH ROW EXECUTE FUNCTION tg__updated_at();
CREATE TRIGGER _200_apply_quota AFTER INSERT OR UPDATE OF messages_used, tokens_used, cost_usd ON usage_summary FOR EACH ROW EXECUTE FUNCTION tg_usage_summary__apply_quota();
CREATE TRIGGER _100_updated_at BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION tg__updated_at();
