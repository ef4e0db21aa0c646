/*
 * Runs once, as superuser, when docker-compose's PostgreSQL starts on an empty volume.
 *
 * chatbot_owner owns the database and runs the migrations. It is no superuser: row-level security
 * must bind the owner of the tables too. What only a superuser may do is done here, and
 * migration 0001 finds it done.
 */
\set ON_ERROR_STOP on
\getenv owner_password CHATBOT_OWNER_PASSWORD
\getenv app_password CHATBOT_APP_PASSWORD
\getenv ingress_password CHATBOT_INGRESS_PASSWORD

create role chatbot_owner login nosuperuser nobypassrls password :'owner_password';
create role chatbot_app login nosuperuser nobypassrls password :'app_password';
create role chatbot_ingress login nosuperuser nobypassrls password :'ingress_password';
create role chatbot_router nologin nosuperuser nobypassrls;
grant chatbot_router to chatbot_owner with admin option;

select format('alter database %I owner to chatbot_owner', current_database()) \gexec
select format('revoke all on database %I from public', current_database()) \gexec
select format('grant connect on database %I to chatbot_app, chatbot_ingress', current_database()) \gexec

create extension vector;
