-- Up Migration

/*
 * A person of the organization takes a conversation over from the chatbot and gives it back. What the contact
 * writes meanwhile is kept and counted as unread.
 */
alter table chatbots
  -- what the contact is told when a user takes the conversation over; null: nothing
  add column handover_message text check (handover_message <> '');

alter table contacts
  -- what the contact wrote since a person last wrote, while the conversation is manual
  add column unread_count integer not null default 0 check (unread_count >= 0),
  add column taken_over_at timestamptz,
  -- null although it was taken over: from the WhatsApp Business app, which does not say by whom
  add column taken_over_by uuid,
  add column given_back_at timestamptz,
  add constraint contacts_taken_over_by_fkey foreign key (organization_id, taken_over_by)
    references users (organization_id, id) on delete set null (taken_over_by);

create index contacts_taken_over_by_idx on contacts (organization_id, taken_over_by) where taken_over_by is not null;

alter table webhook_events
  drop constraint webhook_events_kind_check,
  add constraint webhook_events_kind_check check (kind in ('message', 'status', 'echo', 'other'));

comment on column webhook_events.sender_bsuid is 'The contact: who wrote a message, whom an echo went to.';
comment on column webhook_events.payload is
  'message: {"message", "profile_name"}; echo: {"message"}; status: the status; other: {"field", "value"}. As Meta sent it, less \u0000 and lone surrogates.';

create policy echoes_make_contacts on contacts for insert to chatbot_router with check (true);
create policy echoes_take_over on contacts for update to chatbot_router using (true) with check (true);
create policy echoes_write on messages for insert to chatbot_router with check (true);

grant select (organization_id, conversation_mode, taken_over_at, taken_over_by, given_back_at) on contacts to chatbot_router;
grant insert (organization_id, chatbot_id, bsuid, phone) on contacts to chatbot_router;
grant update (phone, conversation_mode, unread_count, taken_over_at, taken_over_by, last_message_at)
  on contacts to chatbot_router;
grant insert (organization_id, chatbot_id, contact_id, author, kind, body, wamid, sent_at, delivery_status)
  on messages to chatbot_router;

create function contact_organization(p_contact_id uuid) returns uuid
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id from contacts where id = p_contact_id
  $$;

alter function contact_organization(uuid) owner to chatbot_router;
revoke all on function contact_organization(uuid) from public;
grant execute on function contact_organization(uuid) to chatbot_app;

comment on function contact_organization(uuid) is 'The tenant of a contact; null when there is no such contact.';

/*
 * A message that a person sent from the WhatsApp Business app. It takes the conversation over here, in the
 * ingress' statement, and not in a flow: until a flow ran, the bot would go on talking over that person.
 */
create function record_echo(
  p_organization_id uuid,
  p_chatbot_id uuid,
  p_bsuid text,
  p_phone text,
  p_message jsonb,
  p_sent_at bigint
)
  returns void
  language plpgsql volatile
  set search_path = pg_catalog, public, pg_temp
  as $$
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
  $$;

revoke all on function record_echo(uuid, uuid, text, text, jsonb, bigint) from public;
grant execute on function record_echo(uuid, uuid, text, text, jsonb, bigint) to chatbot_router;

comment on function record_echo(uuid, uuid, text, text, jsonb, bigint) is
  'Keeps what a person wrote in the WhatsApp Business app, and takes the conversation over for that person.';

-- made anew and not replaced: the dump lists functions in the order in which they were made
drop function record_webhook_events(jsonb);

/*
 * As in 0009, and a new kind: echo: {"sender_bsuid"?, "sender_phone"? (the contact it went to), "sent_at"}.
 */
create function record_webhook_events(p_events jsonb)
  returns table (
    webhook_event_id bigint,
    phone_number_id text,
    external_id text,
    sender text,
    start_after_seconds numeric,
    is_new boolean
  )
  language sql volatile security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    with event as (
      select distinct on (e.phone_number_id, e.kind, e.external_id)
        e.*, c.organization_id, c.id as chatbot_id, c.debounce_seconds
      from jsonb_to_recordset(p_events) as e (
        phone_number_id text, kind text, external_id text, payload jsonb, traceparent text,
        sender_bsuid text, sender_phone text, sent_at bigint, is_immediate boolean,
        wamid text, delivery_status text, delivery_key uuid, delivery_error jsonb, changed_at bigint
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
        -- nothing is left to do for a status or an echo: this statement applies it
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
        where e.kind = 'echo' and e.chatbot_id is not null
        order by e.chatbot_id, e.sender_bsuid, e.sender_phone, e.sent_at
      ) o
    ),
    -- several statuses of one message may share a POST: only the furthest counts
    furthest as (
      select distinct on (m.id)
        m.id, e.wamid, e.delivery_status, e.delivery_error, e.changed_at
      from event e
      join messages m on m.chatbot_id = e.chatbot_id
        and (
          m.wamid = e.wamid
          -- by its key only if no message has that wamid: one that has is the one meant
          or m.delivery_key = e.delivery_key and not exists (
            select from messages known where known.chatbot_id = e.chatbot_id and known.wamid = e.wamid
          )
        )
      where e.kind = 'status' and m.author = 'chatbot'
        -- asks for the echoes first: whoever else locks a contact and its messages locks them in this order
        and (select count(*) from echoed) >= 0
        and delivery_rank(e.delivery_status) > delivery_rank(m.delivery_status)
      order by m.id, delivery_rank(e.delivery_status) desc
    ),
    moved as (
      update messages m set
        wamid = coalesce(m.wamid, f.wamid),
        delivery_status = f.delivery_status,
        delivery_error = coalesce(f.delivery_error, m.delivery_error),
        status_changed_at = to_timestamp(f.changed_at)
      from furthest f
      -- asked again: another POST may have moved the row while this one waited for its lock
      where m.id = f.id and delivery_rank(f.delivery_status) > delivery_rank(m.delivery_status)
    )
    select
      coalesce(r.id, w.id), e.phone_number_id, e.external_id,
      coalesce(nullif(e.sender_bsuid, ''), e.sender_phone, ''),
      case when e.is_immediate then 0 else coalesce(e.debounce_seconds, 0) end,
      r.id is not null
    from event e
    left join recorded r using (phone_number_id, kind, external_id)
    left join webhook_events w using (phone_number_id, kind, external_id)
    where e.kind = 'message' and e.chatbot_id is not null
      and (r.id is not null or w.status = 'received')
  $$;

alter function record_webhook_events(jsonb) owner to chatbot_router;
revoke all on function record_webhook_events(jsonb) from public;
grant execute on function record_webhook_events(jsonb) to chatbot_ingress;

comment on function record_webhook_events(jsonb) is
  'Writes the events of a webhook POST once, applies its delivery statuses, and answers which messages wait for a flow.';

-- Down Migration

drop function record_webhook_events(jsonb);

create function record_webhook_events(p_events jsonb)
  returns table (
    webhook_event_id bigint,
    phone_number_id text,
    external_id text,
    sender text,
    start_after_seconds numeric,
    is_new boolean
  )
  language sql volatile security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    with event as (
      select distinct on (e.phone_number_id, e.kind, e.external_id)
        e.*, c.organization_id, c.id as chatbot_id, c.debounce_seconds
      from jsonb_to_recordset(p_events) as e (
        phone_number_id text, kind text, external_id text, payload jsonb, traceparent text,
        sender_bsuid text, sender_phone text, sent_at bigint, is_immediate boolean,
        wamid text, delivery_status text, delivery_key uuid, delivery_error jsonb, changed_at bigint
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
        -- nothing is left to do for a status: this statement applies it
        case kind when 'message' then 'received' when 'status' then 'completed' else 'ignored' end,
        nullif(sender_bsuid, ''), nullif(sender_phone, ''), payload, traceparent,
        to_timestamp(sent_at), case when kind <> 'message' then now() end
      from event
      on conflict on constraint webhook_events_phone_number_id_kind_external_id_key do nothing
      returning id, phone_number_id, kind, external_id
    ),
    -- several statuses of one message may share a POST: only the furthest counts
    furthest as (
      select distinct on (m.id)
        m.id, e.wamid, e.delivery_status, e.delivery_error, e.changed_at
      from event e
      join messages m on m.chatbot_id = e.chatbot_id
        and (
          m.wamid = e.wamid
          -- by its key only if no message has that wamid: one that has is the one meant
          or m.delivery_key = e.delivery_key and not exists (
            select from messages known where known.chatbot_id = e.chatbot_id and known.wamid = e.wamid
          )
        )
      where e.kind = 'status' and m.author = 'chatbot'
        and delivery_rank(e.delivery_status) > delivery_rank(m.delivery_status)
      order by m.id, delivery_rank(e.delivery_status) desc
    ),
    moved as (
      update messages m set
        wamid = coalesce(m.wamid, f.wamid),
        delivery_status = f.delivery_status,
        delivery_error = coalesce(f.delivery_error, m.delivery_error),
        status_changed_at = to_timestamp(f.changed_at)
      from furthest f
      -- asked again: another POST may have moved the row while this one waited for its lock
      where m.id = f.id and delivery_rank(f.delivery_status) > delivery_rank(m.delivery_status)
    )
    select
      coalesce(r.id, w.id), e.phone_number_id, e.external_id,
      coalesce(nullif(e.sender_bsuid, ''), e.sender_phone, ''),
      case when e.is_immediate then 0 else coalesce(e.debounce_seconds, 0) end,
      r.id is not null
    from event e
    left join recorded r using (phone_number_id, kind, external_id)
    left join webhook_events w using (phone_number_id, kind, external_id)
    where e.kind = 'message' and e.chatbot_id is not null
      and (r.id is not null or w.status = 'received')
  $$;

alter function record_webhook_events(jsonb) owner to chatbot_router;
revoke all on function record_webhook_events(jsonb) from public;
grant execute on function record_webhook_events(jsonb) to chatbot_ingress;

comment on function record_webhook_events(jsonb) is
  'Writes the events of a webhook POST once, applies its delivery statuses, and answers which messages wait for a flow.';

drop function record_echo(uuid, uuid, text, text, jsonb, bigint);
drop function contact_organization(uuid);
revoke insert (organization_id, chatbot_id, contact_id, author, kind, body, wamid, sent_at, delivery_status)
  on messages from chatbot_router;
revoke update (phone, conversation_mode, unread_count, taken_over_at, taken_over_by, last_message_at)
  on contacts from chatbot_router;
revoke insert (organization_id, chatbot_id, bsuid, phone) on contacts from chatbot_router;
revoke select (organization_id, conversation_mode, taken_over_at, taken_over_by, given_back_at) on contacts from chatbot_router;
drop policy echoes_write on messages;
drop policy echoes_take_over on contacts;
drop policy echoes_make_contacts on contacts;
comment on column webhook_events.payload is
  'message: {"message", "profile_name"}; status: the status; other: {"field", "value"}. As Meta sent it, less \u0000 and lone surrogates.';
comment on column webhook_events.sender_bsuid is null;
-- its owner sees no tenant's rows otherwise
alter table webhook_events no force row level security;
update webhook_events set kind = 'other', status = 'ignored' where kind = 'echo';
alter table webhook_events force row level security;
alter table webhook_events
  drop constraint webhook_events_kind_check,
  add constraint webhook_events_kind_check check (kind in ('message', 'status', 'other'));
drop index contacts_taken_over_by_idx;
alter table contacts
  drop constraint contacts_taken_over_by_fkey,
  drop column given_back_at,
  drop column taken_over_by,
  drop column taken_over_at,
  drop column unread_count;
alter table chatbots drop column handover_message;
