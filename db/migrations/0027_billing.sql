-- Up Migration

/*
 * What happens at the limits of a billing period, and at its end. The functions work on the rows that their caller
 * may see: one organization's with a tenant set, every organization's for a superuser.
 */
create function billing_period(p_timezone text, p_at timestamptz default now()) returns date
  language sql stable parallel safe
  set search_path = pg_catalog
  return date_trunc('month', p_at at time zone p_timezone)::date;

comment on function billing_period(text, timestamptz) is 'The first day of the billing period, which begins at local midnight.';

-- as in f/chat/agent/stop_rules.ts; a test compares them
create function turn_tokens() returns bigint
  language sql immutable parallel safe
  set search_path = pg_catalog
  return 60000;

comment on function turn_tokens() is 'Tokens that a turn reserves.';

create function turn_cost_usd() returns numeric
  language sql immutable parallel safe
  set search_path = pg_catalog
  return 0.1;

comment on function turn_cost_usd() is 'USD that a turn reserves.';

alter table chatbots add column disabled_by_quota boolean not null default false;

comment on column chatbots.disabled_by_quota is
  'Switched off because the organization''s quota is used up, and switched on again with the next period or a higher limit; meanwhile the limit message is sent.';

create function get_current_usage(p_organization_id uuid)
  returns table (
    period_start date,
    messages_used integer,
    messages_reserved integer,
    message_limit integer,
    tokens_used bigint,
    tokens_reserved bigint,
    token_limit bigint,
    cost_usd numeric,
    cost_reserved_usd numeric,
    cost_limit_usd numeric,
    share_used numeric,
    is_exhausted boolean
  )
  language sql stable
  as $$
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
  $$;

revoke all on function get_current_usage(uuid) from public;
grant execute on function get_current_usage(uuid) to chatbot_app;

comment on function get_current_usage(uuid) is
  'What an organization has used in its current billing period, and of which limits; no row for a foreign one.';

create function apply_quota(p_organization_id uuid) returns void
  language plpgsql volatile
  as $$
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
  $$;

revoke all on function apply_quota(uuid) from public;
grant execute on function apply_quota(uuid) to chatbot_app;

comment on function apply_quota(uuid) is
  'Switches the organization''s chatbots off or on again as its quota says, and writes the alerts of 80 % and 100 % once a period.';

create function tg_usage_summary__apply_quota() returns trigger
  language plpgsql
  as $$
  begin
    perform apply_quota(new.organization_id);
    return null;
  end
  $$;

comment on function tg_usage_summary__apply_quota() is 'Lets usage take effect when it is counted.';

-- not for a reservation: it moves none of these
create trigger _200_apply_quota after insert or update of messages_used, tokens_used, cost_usd on usage_summary
  for each row execute function tg_usage_summary__apply_quota();

create function tg_organizations__apply_quota() returns trigger
  language plpgsql
  as $$
  begin
    perform apply_quota(new.id);
    return null;
  end
  $$;

comment on function tg_organizations__apply_quota() is 'Lets another limit take effect at once.';

create trigger _200_apply_quota after update of message_limit, token_limit, cost_limit_usd, timezone on organizations
  for each row execute function tg_organizations__apply_quota();

create function reset_billing_period() returns table (organization_id uuid, period_start date)
  language sql volatile
  as $$
    insert into usage_summary (organization_id, period_start)
    select o.id, billing_period(o.timezone) from organizations o
    on conflict do nothing
    returning usage_summary.organization_id, usage_summary.period_start
  $$;

revoke all on function reset_billing_period() from public;
grant execute on function reset_billing_period() to chatbot_app;

comment on function reset_billing_period() is
  'Opens the billing period that has begun where it is not open yet, which switches on what the last one''s quota had switched off. Answers what it opened.';

/*
 * The row is locked first, and the ledger read by the next statement: whoever counts meanwhile has either committed
 * both, or waits with both.
 */
create function recount_usage()
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

revoke all on function recount_usage() from public;
grant execute on function recount_usage() to chatbot_app;

comment on function recount_usage() is
  'Makes the counters of this period and the last what the ledger and the open reservations say, and answers what differed.';

-- The finders look across all tenants and answer ids only, as those of recover_turns do.
create policy billing on organizations for select to chatbot_router using (true);
grant select (id) on organizations to chatbot_router;

create function billed_organizations() returns table (organization_id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select id from organizations order by id
  $$;

alter function billed_organizations() owner to chatbot_router;
revoke all on function billed_organizations() from public;
grant execute on function billed_organizations() to chatbot_app;

comment on function billed_organizations() is 'Every organization, for what is done for each of them.';

grant select (finished_at, reserved_period, usage_settled_at) on turns to chatbot_router;

-- log_usage and its retries take a minute; recover_turns closes what died, and only then a turn is finished
create function lost_reservations(p_limit integer) returns table (organization_id uuid, id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id, id from turns
    where reserved_period is not null and usage_settled_at is null and finished_at < now() - interval '15 minutes'
    order by finished_at limit p_limit
  $$;

alter function lost_reservations(integer) owner to chatbot_router;
revoke all on function lost_reservations(integer) from public;
grant execute on function lost_reservations(integer) to chatbot_app;

comment on function lost_reservations(integer) is 'Finished turns whose reservation nobody settled or released, the oldest first.';

-- Down Migration

drop function lost_reservations(integer);
revoke select (finished_at, reserved_period, usage_settled_at) on turns from chatbot_router;
drop function billed_organizations();
revoke select (id) on organizations from chatbot_router;
drop policy billing on organizations;
drop function recount_usage();
drop function reset_billing_period();
drop trigger _200_apply_quota on organizations;
drop function tg_organizations__apply_quota();
drop trigger _200_apply_quota on usage_summary;
drop function tg_usage_summary__apply_quota();
drop function apply_quota(uuid);
drop function get_current_usage(uuid);
-- its owner sees no tenant's rows otherwise
alter table chatbots no force row level security;
update chatbots set is_active = true where disabled_by_quota;
alter table chatbots force row level security;
alter table chatbots drop column disabled_by_quota;
drop function turn_cost_usd();
drop function turn_tokens();
drop function billing_period(text, timestamptz);
