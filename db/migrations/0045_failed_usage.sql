-- Up Migration

/*
 * A run that ends without a reply has asked a model all the same, and the provider bills it. A turn may have several
 * such runs, which may be alike to the last token.
 */
alter table usage_logs
  drop constraint usage_logs_purpose_check,
  add constraint usage_logs_purpose_check check (purpose in ('reply', 'summary', 'failed')),
  drop constraint usage_logs_turn_id_model_purpose_key;

create unique index usage_logs_turn_id_model_purpose_key on usage_logs (turn_id, model, purpose)
  where purpose <> 'failed';
create index usage_logs_turn_idx on usage_logs (organization_id, turn_id);

comment on column usage_logs.purpose is
  'reply: the turn''s answer. summary: the summary of the conversation that was made after it. failed: a run that came to no reply.';

-- a turn without a reply uses tokens and money, and none of the messages
create or replace function recount_usage()
  returns table (organization_id uuid, period_start date, counted jsonb, recounted jsonb)
  language plpgsql volatile
  as $$
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
  $$;

-- Down Migration

create or replace function recount_usage()
  returns table (organization_id uuid, period_start date, counted jsonb, recounted jsonb)
  language plpgsql volatile
  as $$
  #variable_conflict use_column
  begin
    -- what is older may have been purged
    perform from usage_summary s join organizations o on o.id = s.organization_id
    where s.period_start >= billing_period(o.timezone) - interval '1 month'
    order by s.organization_id, s.period_start for update of s;
    return query
    with ledger as (
      select l.organization_id, t.reserved_period as period_start, count(distinct l.turn_id)::integer as messages_used,
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
  $$;

comment on column usage_logs.purpose is 'reply: the turn''s answer. summary: the summary of the conversation that was made after it.';

drop index usage_logs_turn_idx;
drop index usage_logs_turn_id_model_purpose_key;

-- its owner sees no tenant's rows otherwise
alter table usage_logs no force row level security;
delete from usage_logs where purpose = 'failed';
alter table usage_logs force row level security;

alter table usage_logs
  drop constraint usage_logs_purpose_check,
  add constraint usage_logs_purpose_check check (purpose in ('reply', 'summary')),
  add constraint usage_logs_turn_id_model_purpose_key unique (turn_id, model, purpose);
