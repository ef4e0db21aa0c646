-- Up Migration
-- Security invoker: the caller's own organization is all that they count.
create function tool_usage_stats(p_since timestamptz)
returns table (
  chatbot_id uuid, integration_id uuid, tool_name text,
  calls bigint, failures bigint, mean_duration_ms numeric, last_call_at timestamptz
)
  language sql stable
as $$
  select e.chatbot_id, e.integration_id, e.tool_name, count(*),
    count(*) filter (where e.status <> 'ok'), round(avg(e.duration_ms)), max(e.created_at)
  from tool_executions e
  where e.created_at >= p_since
  group by e.chatbot_id, e.integration_id, e.tool_name
$$;
comment on function tool_usage_stats is 'How often each tool of the tenant was called since then, and how often in vain.';

create function recent_tool_failures(p_limit integer)
returns table (
  id bigint, chatbot_id uuid, integration_id uuid, turn_id uuid, tool_name text,
  status text, error text, duration_ms integer, created_at timestamptz
)
  language sql stable
as $$
  select e.id, e.chatbot_id, e.integration_id, e.turn_id, e.tool_name,
    e.status, e.error, e.duration_ms, e.created_at
  from tool_executions e
  where e.status <> 'ok'
  order by e.created_at desc, e.id desc
  limit p_limit
$$;
comment on function recent_tool_failures is 'The tenant''s latest tool calls that failed, timed out or were refused, newest first.';

revoke execute on function tool_usage_stats(timestamptz), recent_tool_failures(integer) from public;
grant execute on function tool_usage_stats(timestamptz), recent_tool_failures(integer) to chatbot_app;

-- Down Migration
drop function recent_tool_failures(integer);
drop function tool_usage_stats(timestamptz);
