-- The vault records that people and accounts were read from.
with employees as (

    select * from {{ ref('stg_bamboohr__employees') }}

),

status_rows as (

    select * from {{ ref('stg_bamboohr__employment_status') }}

),

workers as (

    select * from {{ ref('stg_hris_csv__workers') }}

),

contractors as (

    select * from {{ ref('stg_registers__contractors') }}

),

okta_users as (

    select * from {{ ref('stg_okta__users') }}

),

members as (

    select * from {{ ref('stg_github__members') }}

),

outside_collaborators as (

    select * from {{ ref('stg_github__outside_collaborators') }}

),

jira_users as (

    select * from {{ ref('stg_jira__users') }}

),

final as (

    select
        'bamboohr' as source,
        instance,
        'employees' as resource,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        concat(instance, ':', employee_id) as person_id,
        cast(null as string) as account_key
    from employees
    union all
    select
        'bamboohr',
        instance,
        'employment_status',
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        concat(instance, ':', employee_id),
        cast(null as string)
    from status_rows
    union all
    select
        'hris_csv',
        instance,
        'workers',
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        concat(instance, ':', worker_id),
        cast(null as string)
    from workers
    union all
    select
        'registers',
        instance,
        'contractors',
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        concat('registers:contractor/', contractor_id),
        cast(null as string)
    from contractors
    union all
    select
        'okta',
        instance,
        'users',
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        cast(null as string),
        concat(instance, ':', user_id)
    from okta_users
    union all
    select
        'github',
        instance,
        'members',
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        cast(null as string),
        concat(instance, ':', user_id)
    from members
    union all
    select
        'github',
        instance,
        'outside_collaborators',
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        cast(null as string),
        concat(instance, ':', user_id)
    from outside_collaborators
    union all
    select
        'jira',
        instance,
        'users',
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        cast(null as string),
        concat(instance, ':', account_id)
    from jira_users

)

select * from final
