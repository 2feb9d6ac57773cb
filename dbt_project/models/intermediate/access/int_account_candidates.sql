-- Whom an account may belong to, and how that is known: by an id that nobody edits, by the register, by a verified e-mail.
-- Names are never used. Two candidates of one method are ambiguous (int_account_people). The register says from when to when, and
-- a line that was taken out of it held until then; an id or an e-mail says nothing of time.
with accounts as (

    select * from {{ ref('int_accounts_listed') }}

),

people as (

    select * from {{ ref('int_people') }}

),

person_emails as (

    select * from {{ ref('int_person_emails') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

worker_numbers as (

    select person_id, worker_id as worker_number from people
    union
    select person_id, employee_number from people
    where employee_number is not null

),

okta_profiles as (

    select distinct
        concat(instance, ':', user_id) as account_key,
        user_id,
        employee_number,
        lower(trim(login)) as login,
        lower(trim(email)) as email
    from {{ ref('stg_okta__users_intervals') }}
    union
    select
        account_key,
        account_id,
        cast(null as string),
        lower(trim(login)),
        lower(trim(email))
    from accounts
    where system = 'okta'

),

okta_emails as (

    select account_key, login as email from okta_profiles
    union
    select account_key, email from okta_profiles

),

okta_names as (

    select account_key, lower(user_id) as name from okta_profiles
    union
    select account_key, email from okta_emails

),

okta_by_id as (

    select distinct
        okta_profiles.account_key,
        worker_numbers.person_id
    from okta_profiles
    inner join worker_numbers on worker_numbers.worker_number = okta_profiles.employee_number

),

okta_by_email as (

    select distinct
        okta_emails.account_key,
        person_emails.person_id
    from okta_emails
    inner join person_emails on person_emails.email = okta_emails.email

),

registered as (

    select distinct
        accounts.account_key,
        mapping.person_id,
        {{ start_of_day('mapping.valid_from', 'engagement.zone') }} as valid_from,
        least({{ end_of_day('mapping.valid_to', 'engagement.zone') }}, mapping.gone_at) as valid_to
    from {{ ref('stg_registers__person_accounts') }} as mapping
    cross join engagement
    inner join accounts
        on
            accounts.system = mapping.system
            and accounts.instance = mapping.system_instance
            and accounts.account_id = mapping.account_id
    inner join people on people.person_id = mapping.person_id
    where
        (mapping.gone_at is null or mapping.gone_at > engagement.period_start_at)
        and (mapping.valid_from is null or {{ start_of_day('mapping.valid_from', 'engagement.zone') }} < engagement.evidence_cutoff_at)
        and (mapping.valid_to is null or {{ end_of_day('mapping.valid_to', 'engagement.zone') }} > engagement.period_start_at)

),

external_identities as (

    select * from {{ ref('stg_github__external_identities') }}
    where user_id is not null

),

external_names as (

    select instance, user_id, lower(trim(saml_name_id)) as name_id from external_identities
    union
    select instance, user_id, lower(trim(saml_username)) from external_identities
    union
    select instance, user_id, lower(trim(saml_email)) from external_identities
    union
    select instance, user_id, lower(trim(scim_username)) from external_identities

),

github_to_okta as (

    select distinct
        concat(external_names.instance, ':', external_names.user_id) as account_key,
        okta_names.account_key as okta_account_key
    from external_names
    inner join okta_names on okta_names.name = external_names.name_id

),

github_by_email as (

    select distinct
        concat(external_names.instance, ':', external_names.user_id) as account_key,
        person_emails.person_id
    from external_names
    inner join person_emails on person_emails.email = external_names.name_id

),

jira_by_email as (

    select distinct
        accounts.account_key,
        coalesce(person_emails.person_id, okta_by_id.person_id) as person_id
    from accounts
    left join person_emails on person_emails.email = lower(trim(accounts.email))
    left join okta_emails on okta_emails.email = lower(trim(accounts.email))
    left join okta_by_id on okta_by_id.account_key = okta_emails.account_key
    where accounts.system = 'jira' and coalesce(person_emails.person_id, okta_by_id.person_id) is not null

),

candidates as (

    select account_key, 'immutable_id' as method, person_id, {{ null_instant() }} as valid_from, {{ null_instant() }} as valid_to from okta_by_id
    union
    select account_key, 'verified_email', person_id, {{ null_instant() }}, {{ null_instant() }} from okta_by_email
    union
    select account_key, 'mapping', person_id, valid_from, valid_to from registered
    union
    select github_to_okta.account_key, 'immutable_id', okta_by_id.person_id, {{ null_instant() }}, {{ null_instant() }}
    from github_to_okta
    inner join okta_by_id on okta_by_id.account_key = github_to_okta.okta_account_key
    union
    select github_to_okta.account_key, 'mapping', registered.person_id, registered.valid_from, registered.valid_to
    from github_to_okta
    inner join registered on registered.account_key = github_to_okta.okta_account_key
    union
    select github_to_okta.account_key, 'verified_email', okta_by_email.person_id, {{ null_instant() }}, {{ null_instant() }}
    from github_to_okta
    inner join okta_by_email on okta_by_email.account_key = github_to_okta.okta_account_key
    union
    select account_key, 'verified_email', person_id, {{ null_instant() }}, {{ null_instant() }} from github_by_email
    union
    select account_key, 'verified_email', person_id, {{ null_instant() }}, {{ null_instant() }} from jira_by_email

),

final as (

    select
        candidates.account_key,
        candidates.method,
        candidates.person_id,
        candidates.valid_from,
        candidates.valid_to
    from candidates
    inner join accounts on accounts.account_key = candidates.account_key

)

select * from final
