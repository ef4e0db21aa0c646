-- Up Migration

alter table contacts
  -- of what was said up to that message, for when it no longer fits the history that a model is shown
  add column summary text not null default '' check (length(summary) <= 4000),
  -- no foreign key: a message that is purged must not take the summary's place in the conversation with it
  add column summary_until_message_id bigint,
  add constraint contacts_summary_is_whole check ((summary = '') = (summary_until_message_id is null));

comment on column contacts.summary is 'What was said before the history begins, in a model''s words; empty when nothing was.';
comment on column contacts.summary_until_message_id is 'The last message that the summary covers.';
comment on column contacts.variables is
  'What the contact told us, by name: {"email": "…"}. Text, at most 30 names of 40 characters and 500 characters each (f/chat/contact_variables.ts).';

-- Down Migration

comment on column contacts.variables is null;
alter table contacts
  drop constraint contacts_summary_is_whole,
  drop column summary_until_message_id,
  drop column summary;
