/** The tables' rows, in their columns' names, for what tests insert and read. */

export interface OrganizationRow {
  id: string;
  name: string;
  slug: string;
  timezone: string;
  is_active: boolean;
  message_limit: number | null;
  token_limit: number | null;
  cost_limit_usd: string | number | null;
  source_limit: number | null;
  storage_limit_bytes: number | null;
  daily_upload_limit: number | null;
  keep_messages_days: number | null;
  keep_webhook_events_days: number;
  keep_logs_days: number | null;
  keep_alerts_days: number | null;
}

export interface UserRow {
  id: string;
  organization_id: string;
  email: string;
  name: string;
  role: "owner" | "admin" | "member";
}

export interface ChatbotRow {
  id: string;
  organization_id: string;
  name: string;
  is_active: boolean;
  phone_number_id: string;
  display_phone_number: string;
  whatsapp_access_token: object | null;
  system_prompt: string;
  model: string | null;
  fallback_models: string[];
  history_messages: number;
  history_tokens: number;
  max_distance: number;
  passages_per_search: number;
  text_search_language: string;
  debounce_seconds: string | number;
  answer_age_limit_seconds: number;
  error_message: string;
  limit_message: string;
  handover_message: string | null;
  messages_per_second: number;
  paced_until: Date | null;
  reply_template_name: string | null;
  reply_template_language: string | null;
  refused_access_token: object | null;
  turns_per_minute: number | null;
  turns_per_hour: number | null;
  slow_down_message: string;
  disabled_by_quota: boolean;
  keeps_media: boolean;
  media_message: string;
  disabled_tools: string[];
  facts: object;
}

export interface OrgIntegrationRow {
  id: string;
  organization_id: string;
  kind: "mcp" | "windmill_script";
  name: string;
  settings: object;
  credentials: object | null;
  is_active: boolean;
}

export interface IntegrationToolsRow {
  organization_id: string;
  integration_id: string;
  server_hash: string;
  tools: object | null;
  way: object | null;
  listed_at: Date | null;
  failed_at: Date | null;
}

export interface IntegrationSessionRow {
  organization_id: string;
  integration_id: string;
  contact_id: string;
  server_hash: string;
  session_id: string;
  protocol_version: string;
  used_at: Date;
}

export interface ChatbotIntegrationRow {
  organization_id: string;
  chatbot_id: string;
  integration_id: string;
  permission: "read" | "write";
  is_enabled: boolean;
}

export interface ContactRow {
  id: string;
  organization_id: string;
  chatbot_id: string;
  bsuid: string | null;
  phone: string | null;
  profile_name: string;
  conversation_mode: "auto" | "manual";
  is_blocked: boolean;
  variables: object;
  summary: string;
  summary_until_message_id: number | null;
  limit_notice_period: string | null;
  last_message_at: Date | null;
  unread_count: number;
  taken_over_at: Date | null;
  taken_over_by: string | null;
  given_back_at: Date | null;
  silenced_until: Date | null;
  penalties: number;
  loop_points: number;
  erased_at: Date | null;
}

export interface BlockedSenderRow {
  id: string;
  organization_id: string;
  chatbot_id: string;
  bsuid: string | null;
  phone: string | null;
  is_prefix: boolean;
}

export interface TurnRow {
  id: string;
  organization_id: string;
  chatbot_id: string;
  contact_id: string;
  status: "generating" | "replying" | "completed" | "failed";
  fence: number;
  lease_expires_at: Date;
  flow_job_id: string | null;
  reply_kind: "answer" | "limit" | "media" | "error" | null;
  reply: string | null;
  sources: object;
  usage: object;
  error: string | null;
  created_at: Date;
  finished_at: Date | null;
  reserved_period: string | null;
  reserved_tokens: number;
  reserved_cost_usd: string | number;
  usage_settled_at: Date | null;
  recoveries: number;
  recovered_at: Date | null;
  hands_over: boolean;
}

export interface MessageRow {
  id: number;
  organization_id: string;
  chatbot_id: string;
  contact_id: string;
  turn_id: string | null;
  author: "contact" | "chatbot" | "user";
  kind: string;
  body: string;
  details: object;
  wamid: string | null;
  sent_at: Date;
  part: number | null;
  delivery_status: string | null;
  attempts: number;
  unheard_attempts: number;
  template_attempts: number;
  delivery_key: string;
  delivery_error: object | null;
  status_changed_at: Date | null;
}

export interface MessageMediaRow {
  id: number;
  organization_id: string;
  chatbot_id: string;
  message_id: number;
  whatsapp_media_id: string;
  status: "pending" | "stored" | "failed";
  s3_key: string | null;
  mime_type: string | null;
  byte_size: string | number | null;
  sha256: string | null;
  failure: string | null;
  recoveries: number;
  recovered_at: Date | null;
  created_at: Date;
  finished_at: Date | null;
}

export interface WebhookEventRow {
  id: number;
  organization_id: string | null;
  chatbot_id: string | null;
  phone_number_id: string;
  kind: "message" | "status" | "echo" | "other";
  external_id: string;
  status: "received" | "processing" | "completed" | "failed" | "ignored";
  sender_bsuid: string | null;
  sender_phone: string | null;
  payload: object;
  traceparent: string | null;
  turn_id: string | null;
  error: string | null;
  sent_at: Date | null;
  received_at: Date;
  processed_at: Date | null;
  recoveries: number;
  recovered_at: Date | null;
}

export interface KnowledgeSourceRow {
  id: string;
  organization_id: string;
  chatbot_id: string;
  source_type: "pdf" | "docx" | "url" | "text" | "markdown" | "html" | "csv";
  name: string;
  url: string | null;
  s3_key: string | null;
  content_hash: string;
  byte_size: number;
  status: "pending" | "processing" | "ready" | "failed";
  stage: "reading" | "extracting" | "embedding" | null;
  progress: number;
  error_message: string | null;
  live_version: number;
  page_count: number | null;
  chunk_count: number;
  embedding_model: string | null;
  recoveries: number;
  page_etag: string | null;
  page_last_modified: string | null;
  page_hash: string | null;
  processed_at: Date | null;
  checked_at: Date | null;
  check_problem: string | null;
  missing_checks: number;
  gone_at: Date | null;
}

export interface UnusedFileRow {
  organization_id: string;
  s3_key: string;
}

export interface DocumentChunkRow {
  id: number;
  organization_id: string;
  chatbot_id: string;
  knowledge_source_id: string;
  version: number;
  chunk_no: number;
  content: string;
  page: number | null;
  heading_path: string[];
  start_offset: number;
  end_offset: number;
  /** pgvector's text: "[1,0,…]", 1,536 numbers. */
  embedding: string;
  text_search_language: string;
}

export interface ToolExecutionRow {
  id: number;
  organization_id: string;
  chatbot_id: string;
  turn_id: string;
  integration_id: string | null;
  call_no: number;
  tool_name: string;
  arguments: object;
  status: "ok" | "error" | "timeout" | "refused";
  result: string;
  error: string | null;
  duration_ms: number;
}

export interface UsageLogRow {
  id: number;
  organization_id: string;
  chatbot_id: string;
  contact_id: string;
  turn_id: string;
  model: string;
  model_calls: number;
  tool_calls: number;
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
  cost_usd: string | number;
  input_price_usd: string | number | null;
  cached_input_price_usd: string | number | null;
  output_price_usd: string | number | null;
}

export interface UsageSummaryRow {
  organization_id: string;
  period_start: string;
  messages_reserved: number;
  messages_used: number;
  tokens_reserved: number;
  cost_reserved_usd: string | number;
  tokens_used: number;
  cost_usd: string | number;
}

export interface EmbeddingUsageLogRow {
  id: number;
  organization_id: string;
  chatbot_id: string;
  knowledge_source_id: string | null;
  model: string;
  texts: number;
  tokens: number;
  cost_usd: string | number;
  price_usd: string | number | null;
}

export interface SystemAlertRow {
  id: number;
  organization_id: string | null;
  severity: "critical" | "error" | "warning" | "info";
  kind: string;
  alert_key: string;
  summary: string;
  details: object;
  flow_job_id: string | null;
  turn_id: string | null;
  slack_posted_at: Date | null;
  acknowledged_at: Date | null;
}

export interface AuditLogRow {
  id: number;
  organization_id: string | null;
  action: string;
  user_id: string | null;
  windmill_user: string;
  job_id: string | null;
  subject_table: string;
  subject_id: string;
  details: Record<string, unknown>;
}

export interface ToolDefinitionRow {
  organization_id: string;
  integration_id: string;
  tool_name: string;
  definition_hash: string;
  approved_hash: string;
  changed_at: Date | null;
  window_started_at: Date;
  window_calls: number;
  consecutive_failures: number;
  open_until: Date | null;
}

export interface ErasureRow {
  id: string;
  organization_id: string;
  contact_id: string;
  user_id: string | null;
  windmill_user: string;
  flow_job_ids: string[];
  webhook_event_ids: number[];
  file_keys: string[];
  removed: Record<string, number>;
  started_at: Date;
  finished_at: Date | null;
}
