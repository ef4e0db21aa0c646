-- Up Migration

/*
 * WhatsApp's rules of sending, kept on our side: how fast a number may send, when only a template may be sent, and
 * which token is not to be used any more.
 */
alter table chatbots
  -- Meta: 80 for a new number, 20 on one that the WhatsApp Business app uses, too, 1,000 after an upgrade
  add column messages_per_second integer not null default 80 check (messages_per_second between 1 and 1000),
  add column paced_until timestamptz,
  add column reply_template_name text check (reply_template_name <> ''),
  add column reply_template_language text check (reply_template_language <> ''),
  add column refused_access_token jsonb check (is_credential_envelope(refused_access_token)),
  add constraint chatbots_whole_reply_template check ((reply_template_name is null) = (reply_template_language is null));

comment on column chatbots.paced_until is 'Until when the messages sent so far use up messages_per_second; each moves it on.';
comment on column chatbots.reply_template_name is
  'Approved template for replies later than 24 hours after the contact wrote. Its body has one parameter, {{1}}: the reply, in one line. Null: such replies are not sent.';
comment on column chatbots.reply_template_language is 'The template''s language as Meta writes it, such as en_US.';
comment on column chatbots.refused_access_token is
  'The access token that Meta refused. While it still is whatsapp_access_token, nothing is sent with it.';

-- a message that is sent changes no setting
drop trigger _100_updated_at on chatbots;
create trigger _100_updated_at before update on chatbots
  for each row when (new.paced_until is not distinct from old.paced_until) execute function tg__updated_at();

alter table contacts add column paced_until timestamptz;

comment on column contacts.paced_until is 'Until when the messages sent so far use up what one person may get; each moves it on.';

-- Down Migration

alter table contacts drop column paced_until;

drop trigger _100_updated_at on chatbots;
create trigger _100_updated_at before update on chatbots
  for each row execute function tg__updated_at();

alter table chatbots
  drop constraint chatbots_whole_reply_template,
  drop column refused_access_token,
  drop column reply_template_language,
  drop column reply_template_name,
  drop column paced_until,
  drop column messages_per_second;
