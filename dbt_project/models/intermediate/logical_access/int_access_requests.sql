-- Requests for access, with the person they are for, resolved by account or by an e-mail that only one person ever had.
with issues as (

    select * from {{ ref('stg_jira__issues') }}

),

accounts as (

    select
        account_id,
        max(person_id) as person_id
    from {{ ref('int_accounts') }}
    where person_id is not null
    group by account_id
    having count(distinct person_id) = 1

),

emails as (

    select
        email,
        max(person_id) as person_id
    from {{ ref('int_person_emails') }}
    group by email
    having count(distinct person_id) = 1

),

final as (

    select
        issues.instance,
        issues.issue_id,
        issues.issue_key,
        coalesce(accounts.person_id, emails.person_id) as beneficiary_person_id,
        issues.created_at,
        issues.resolved_at,
        issues.expires_at,
        issues.url,
        issues.record_key,
        issues.collection_id,
        issues.collected_at,
        issues.payload_sha256
    from issues
    left join accounts
        on accounts.account_id = issues.beneficiary_account_id
    left join emails
        on emails.email = lower(trim(issues.beneficiary_email))

)

select * from final
