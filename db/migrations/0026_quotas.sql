-- Up Migration

/*
 * Tokens and money are reserved like messages: a turn reserves what it may use at most (f/chat/agent/stop_rules.ts)
 * before a model is asked, and is settled by what it used. So however many turns run at once, they stay within the
 * limits together; a turn's last model call may exceed its own budget by its prompt.
 */
alter table organizations
  add column cost_limit_usd numeric(14, 8) check (cost_limit_usd >= 0);

comment on column organizations.message_limit is 'Answers in a billing period; null means no limit.';
comment on column organizations.token_limit is
  'Tokens in a billing period; null means no limit. A turn is let in while the 60,000 that it may use are left.';
comment on column organizations.cost_limit_usd is
  'USD for models in a billing period; null means no limit. A turn is let in while the 0.10 that it may cost are left.';

alter table usage_summary
  add column tokens_reserved bigint not null default 0 check (tokens_reserved >= 0),
  add column cost_reserved_usd numeric(14, 8) not null default 0 check (cost_reserved_usd >= 0);

-- what is given back is what was taken, also if a turn's budget is another by then
alter table turns
  add column reserved_tokens integer not null default 0 check (reserved_tokens >= 0),
  add column reserved_cost_usd numeric(14, 8) not null default 0 check (reserved_cost_usd >= 0);

comment on column turns.usage_settled_at is 'When the reservation was replaced by what the turn used, or released.';

create index turns_unsettled_idx on turns (finished_at)
  where reserved_period is not null and usage_settled_at is null;

-- Down Migration

drop index turns_unsettled_idx;
comment on column turns.usage_settled_at is null;
alter table turns drop column reserved_cost_usd, drop column reserved_tokens;
alter table usage_summary drop column cost_reserved_usd, drop column tokens_reserved;
comment on column organizations.token_limit is null;
comment on column organizations.message_limit is null;
alter table organizations drop column cost_limit_usd;
