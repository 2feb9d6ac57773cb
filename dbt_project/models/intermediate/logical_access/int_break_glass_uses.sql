-- Uses of break-glass accounts, and whether an approved request named the account at that time (entitlement `<system>:account:<account id>`, or `<system>@<instance>:…`).
with items as (

    select * from {{ ref('int_account_items') }}
    where account_kind = 'break_glass'

),

uses as (

    select * from {{ ref('int_account_sign_ins') }}

),

requests as (

    select * from {{ ref('stg_jira__issue_entitlements') }}
    where kind = 'account'

),

issues as (

    select * from {{ ref('stg_jira__issues') }}

),

approvals as (

    select * from {{ ref('stg_jira__approvals') }}
    where lower(final_decision) = 'approved'

),

instances as (

    select distinct
        system,
        instance
    from items

),

tickets as (

    select
        requests.system,
        instances.instance as system_instance,
        requests.external_id as account_id,
        issues.issue_key,
        approvals.completed_at as valid_from,
        coalesce(issues.expires_at, issues.resolved_at) as valid_to
    from requests
    inner join instances
        on instances.system = requests.system and (requests.system_instance is null or requests.system_instance = instances.instance)
    inner join issues
        on issues.instance = requests.instance and issues.issue_id = requests.issue_id
    inner join approvals
        on approvals.instance = requests.instance and approvals.issue_id = requests.issue_id

),

final as (

    select
        items.item_key,
        uses.occurred_at,
        max(tickets.issue_key) as issue_key
    from items
    inner join uses
        on
            uses.account_key = items.account_key
            and uses.occurred_at >= items.occurred_at
            and uses.occurred_at <= items.evaluated_to
    left join tickets
        on
            tickets.system = items.system
            and tickets.system_instance = items.instance
            and tickets.account_id = items.account_id
            and tickets.valid_from <= uses.occurred_at
            and uses.occurred_at <= {{ or_for_ever('tickets.valid_to') }}
    group by items.item_key, uses.occurred_at

)

select * from final
