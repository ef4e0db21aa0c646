/*
 * Development data: one shop, its owner and its chatbot. May run again.
 *
 * Run by seed() in seed.ts, inside a transaction that has these settings:
 *   seed.phone_number_id       Meta's id of the business number
 *   seed.display_phone_number  that number, as people dial it
 *   seed.whatsapp_access_token the token's envelope (jsonb), or '' for none
 */

-- the owner of the tables is bound by row-level security as well
select set_config('app.organization_id', '00000000-0000-4000-8000-000000000001', true);

insert into organizations (id, name, slug, timezone)
values ('00000000-0000-4000-8000-000000000001', 'Aurora Bikes', 'aurora-bikes', 'Europe/Lisbon')
on conflict (id) do nothing;

insert into users (id, organization_id, email, name, role)
values (
  '00000000-0000-4000-8000-000000000003',
  '00000000-0000-4000-8000-000000000001',
  'owner@aurora-bikes.example',
  'Marta Aurora',
  'owner'
)
on conflict (id) do nothing;

insert into chatbots (
  id, organization_id, name, phone_number_id, display_phone_number, whatsapp_access_token,
  text_search_language, system_prompt
)
values (
  '00000000-0000-4000-8000-000000000002',
  '00000000-0000-4000-8000-000000000001',
  'Aurora Bikes',
  current_setting('seed.phone_number_id'),
  current_setting('seed.display_phone_number'),
  nullif(current_setting('seed.whatsapp_access_token'), '')::jsonb,
  'english',
  'You are the assistant of Aurora Bikes, a shop that sells, rents and repairs bicycles. '
    'Answer customers briefly and kindly, in the language they write in. '
    'What the shop sells, charges, promises and when it opens you know only from its documents: '
    'look it up, and say so when they do not tell.'
)
-- another number or a new token is what one seeds again for
on conflict (id) do update set
  phone_number_id = excluded.phone_number_id,
  display_phone_number = excluded.display_phone_number,
  whatsapp_access_token = excluded.whatsapp_access_token;
