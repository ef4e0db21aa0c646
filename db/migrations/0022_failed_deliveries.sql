-- Up Migration

/*
 * WhatsApp may take a message and say only afterwards, by a status, that it will not arrive: nobody is calling any
 * more who could raise the alert, so the change of the row does. tell_alerts tells Slack within a minute.
 */
create policy failed_deliveries on system_alerts for insert to chatbot_router with check (true);

grant insert (organization_id, severity, kind, alert_key, summary, details, turn_id) on system_alerts to chatbot_router;

create function tg_messages__alert_of_failure() returns trigger
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

comment on function tg_messages__alert_of_failure() is 'Tells of a message that WhatsApp took and did not deliver.';

-- what our own steps refuse has a kind, and its alert is theirs; what a status webhook says is Meta's error as it came
create trigger _200_alert_of_failure after update of delivery_status on messages
  for each row
  when (
    new.author = 'chatbot' and new.delivery_status = 'failed' and old.delivery_status <> 'failed'
    and new.delivery_error ->> 'code' is not null and new.delivery_error ->> 'kind' is null
  )
  execute function tg_messages__alert_of_failure();

-- Down Migration

drop trigger _200_alert_of_failure on messages;
drop function tg_messages__alert_of_failure();
revoke insert (organization_id, severity, kind, alert_key, summary, details, turn_id) on system_alerts from chatbot_router;
drop policy failed_deliveries on system_alerts;
