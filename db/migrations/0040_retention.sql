-- Up Migration

alter table organizations
  add column keep_messages_days integer default 365 check (keep_messages_days >= 1),
  -- Meta delivers a webhook again for up to 7 days (throughput.md): whoever forgets it earlier answers it twice
  add column keep_webhook_events_days integer not null default 30 check (keep_webhook_events_days >= 8),
  add column keep_logs_days integer default 90 check (keep_logs_days >= 1),
  add column keep_alerts_days integer default 180 check (keep_alerts_days >= 1);

comment on column organizations.keep_messages_days is
  'Messages, their files, replies and summaries are deleted after so many days; null keeps them.';
comment on column organizations.keep_webhook_events_days is 'What Meta posted is deleted after so many days.';
comment on column organizations.keep_logs_days is
  'What tools were asked and answered is deleted after so many days; null keeps it.';
comment on column organizations.keep_alerts_days is 'Alerts are deleted after so many days; null keeps them.';

create index messages_age_idx on messages (organization_id, sent_at);
create index turns_age_idx on turns (organization_id, finished_at);
create index tool_executions_age_idx on tool_executions (organization_id, created_at);

grant delete on system_alerts to chatbot_app;

grant delete on webhook_events to chatbot_router;

create function delete_unrouted_webhook_events(p_limit integer) returns integer
  language sql volatile security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    with deleted as (
      delete from webhook_events where id in (
        select id from webhook_events
        where organization_id is null and received_at < now() - interval '30 days'
        limit p_limit
      )
      returning id
    )
    select count(*)::integer from deleted
  $$;

alter function delete_unrouted_webhook_events(integer) owner to chatbot_router;
revoke all on function delete_unrouted_webhook_events(integer) from public;
grant execute on function delete_unrouted_webhook_events(integer) to chatbot_app;

comment on function delete_unrouted_webhook_events(integer) is
  'Deletes what came for a number that no chatbot has, after 30 days, and answers how many.';

create index webhook_events_unrouted_idx on webhook_events (received_at) where organization_id is null;

-- Down Migration

drop index webhook_events_unrouted_idx;
drop function delete_unrouted_webhook_events(integer);
revoke delete on webhook_events from chatbot_router;
revoke delete on system_alerts from chatbot_app;
drop index tool_executions_age_idx;
drop index turns_age_idx;
drop index messages_age_idx;
alter table organizations
  drop column keep_alerts_days,
  drop column keep_logs_days,
  drop column keep_webhook_events_days,
  drop column keep_messages_days;
