/** Made by migration 0001. The first two log in; the router owns the functions that find a tenant. */
export const PLATFORM_ROLES = ["chatbot_app", "chatbot_ingress", "chatbot_router"];
