-- Up Migration

-- what keeping the conversation's summary used is in the same ledger, beside what the reply of that turn used
alter table usage_logs
  add column purpose text not null default 'reply' check (purpose in ('reply', 'summary')),
  drop constraint usage_logs_turn_id_model_key,
  add constraint usage_logs_turn_id_model_purpose_key unique (turn_id, model, purpose);

comment on column usage_logs.purpose is 'reply: the turn''s answer. summary: the summary of the conversation that was made after it.';

-- Down Migration

-- its owner sees no tenant's rows otherwise
alter table usage_logs no force row level security;
delete from usage_logs where purpose = 'summary';
alter table usage_logs force row level security;

alter table usage_logs
  drop constraint usage_logs_turn_id_model_purpose_key,
  drop column purpose,
  add constraint usage_logs_turn_id_model_key unique (turn_id, model);
