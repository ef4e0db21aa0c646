-- Up Migration

alter table chatbots
  add column disabled_tools text[] not null default '{}',
  add column facts jsonb not null default '{}' check (jsonb_typeof(facts) = 'object'),
  add constraint chatbots_disabled_tools_are_built_in
    check (disabled_tools <@ array['hand_over_to_human', 'remember', 'get_fact']);

comment on column chatbots.disabled_tools is 'The built-in tools that this chatbot does not have.';
comment on column chatbots.facts is
  'What the tool get_fact tells, by name: {"opening_hours": "Monday to Friday, 9 to 17"}. Names are lower-case words joined by _.';

alter table turns
  -- its reply is the notice that a person goes on: the only message of a chatbot that a manual conversation gets
  add column hands_over boolean not null default false;

comment on column contacts.taken_over_by is
  'Null although it was taken over: from the WhatsApp Business app, which does not say by whom, or by the chatbot''s own hand-over.';

-- Down Migration

comment on column contacts.taken_over_by is null;
alter table turns drop column hands_over;
alter table chatbots
  drop constraint chatbots_disabled_tools_are_built_in,
  drop column facts,
  drop column disabled_tools;
