-- Up Migration

/*
 * WhatsApp may take a reply as text and say only afterwards, by a status, that the contact last wrote more than 24
 * hours ago. Where the chatbot has a template, recover_turns sends that instead, and raises the alert when it cannot.
 */
alter table messages
  add column template_attempts integer not null default 0 check (template_attempts >= 0);

comment on column messages.template_attempts is
  'How often recover_turns took it in hand to send it as a template, after WhatsApp had refused it as text too late.';

create index messages_refused_late_idx on messages (status_changed_at)
  where delivery_status in ('failed', 'pending') and (template_attempts > 0 or delivery_error ->> 'code' = '131047');

grant select (template_attempts) on messages to chatbot_router;
grant select (reply_template_name) on chatbots to chatbot_router;

create or replace function tg_messages__alert_of_failure() returns trigger
  language plpgsql
  set search_path = pg_catalog, public, pg_temp
  as $$
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
  $$;

create function late_refusals(p_limit integer) returns table (organization_id uuid, id bigint)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
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
  $$;

alter function late_refusals(integer) owner to chatbot_router;
revoke all on function late_refusals(integer) from public;
grant execute on function late_refusals(integer) to chatbot_app;

comment on function late_refusals(integer) is
  'Replies that WhatsApp took as text and refused later, and that neither a template nor an alert has ended yet.';

-- Down Migration

drop function late_refusals(integer);

create or replace function tg_messages__alert_of_failure() returns trigger
  language plpgsql
  set search_path = pg_catalog, public, pg_temp
  as $$
  begin
    insert into system_alerts (organization_id, severity, kind, alert_key, summary, details, turn_id)
    values (
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
    )
    on conflict do nothing;
    return null;
  end
  $$;

revoke select (reply_template_name) on chatbots from chatbot_router;
revoke select (template_attempts) on messages from chatbot_router;
drop index messages_refused_late_idx;
alter table messages drop column template_attempts;
