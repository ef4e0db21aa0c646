-- Up Migration

/*
 * An alert that says the same as one a few minutes ago is kept and counted, and nobody is told again. Fingerprint:
 * what makes two alerts the same.
 */
alter table system_alerts
  add column fingerprint text not null default '',
  -- the alert that was told; null: this one is
  add column repeats_alert_id bigint,
  add column acknowledged_by uuid,
  add constraint system_alerts_organization_id_id_key unique (organization_id, id),
  add constraint system_alerts_repeats_alert_id_fkey foreign key (organization_id, repeats_alert_id)
    references system_alerts (organization_id, id) on delete set null (repeats_alert_id),
  add constraint system_alerts_acknowledged_by_fkey foreign key (organization_id, acknowledged_by)
    references users (organization_id, id) on delete set null (acknowledged_by);

create index system_alerts_fingerprint_idx on system_alerts (organization_id, fingerprint, created_at);
create index system_alerts_kind_idx on system_alerts (organization_id, kind, created_at);
create index system_alerts_repeats_idx on system_alerts (organization_id, repeats_alert_id)
  where repeats_alert_id is not null;
create index system_alerts_acknowledged_by_idx on system_alerts (organization_id, acknowledged_by)
  where acknowledged_by is not null;
create index system_alerts_untold_idx on system_alerts (created_at)
  where slack_posted_at is null and repeats_alert_id is null;

create policy untold_alerts on system_alerts for select to chatbot_router using (true);
create policy alerts_told on system_alerts for update to chatbot_router using (true) with check (true);
grant select (id, organization_id, severity, summary, details, flow_job_id, alert_key, slack_posted_at, repeats_alert_id, created_at)
  on system_alerts to chatbot_router;
grant update (slack_posted_at) on system_alerts to chatbot_router;

create function untold_alerts(p_limit integer)
  returns table (alert_key text, severity text, summary text, details jsonb, flow_job_id text, repeats bigint)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select a.alert_key, a.severity, a.summary, a.details, a.flow_job_id, (
      select count(*) from system_alerts r where r.repeats_alert_id = a.id
    )
    from system_alerts a
    -- who raised it may be telling it at this moment; what is older than a day is history
    where a.slack_posted_at is null and a.repeats_alert_id is null
      and a.created_at between now() - interval '1 day' and now() - interval '1 minute'
    order by a.created_at
    limit p_limit
  $$;

alter function untold_alerts(integer) owner to chatbot_router;
revoke all on function untold_alerts(integer) from public;
grant execute on function untold_alerts(integer) to chatbot_app;

comment on function untold_alerts(integer) is 'Alerts of every organization that Slack did not take, oldest first.';

create function note_alert_told(p_alert_key text) returns void
  language sql volatile security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    update system_alerts set slack_posted_at = now() where alert_key = p_alert_key and slack_posted_at is null
  $$;

alter function note_alert_told(text) owner to chatbot_router;
revoke all on function note_alert_told(text) from public;
grant execute on function note_alert_told(text) to chatbot_app;

comment on function note_alert_told(text) is 'Notes that Slack has an alert, also one of no organization, which no tenant can read.';

create function is_alert_told(p_alert_key text) returns boolean
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select exists (select from system_alerts where alert_key = p_alert_key and slack_posted_at is not null)
  $$;

alter function is_alert_told(text) owner to chatbot_router;
revoke all on function is_alert_told(text) from public;
grant execute on function is_alert_told(text) to chatbot_app;

comment on function is_alert_told(text) is 'Whether Slack has an alert, also one of no organization, which no tenant can read.';

-- Down Migration

drop function is_alert_told(text);
drop function note_alert_told(text);
drop function untold_alerts(integer);
drop policy alerts_told on system_alerts;
drop policy untold_alerts on system_alerts;
revoke update (slack_posted_at) on system_alerts from chatbot_router;
revoke select (id, organization_id, severity, summary, details, flow_job_id, alert_key, slack_posted_at, repeats_alert_id, created_at)
  on system_alerts from chatbot_router;
drop index system_alerts_untold_idx;
alter table system_alerts
  drop constraint system_alerts_acknowledged_by_fkey,
  drop constraint system_alerts_repeats_alert_id_fkey,
  drop constraint system_alerts_organization_id_id_key,
  drop column acknowledged_by,
  drop column repeats_alert_id,
  drop column fingerprint;
drop index system_alerts_kind_idx;
