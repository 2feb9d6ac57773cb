-- Decisions on requests, with the person who decided and whether that person was an active worker then.
with decisions as (

    select * from {{ ref('stg_jira__approval_decisions') }}

),

approvals as (

    select * from {{ ref('stg_jira__approvals') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}
    where system = 'jira'

),

spells as (

    select * from {{ ref('int_employment_spells') }}

),

decided as (

    select
        decisions.instance,
        decisions.issue_id,
        decisions.issue_key,
        decisions.approval_id,
        decisions.approver_account_id,
        accounts.person_id as approver_person_id,
        coalesce(accounts.account_kind in ('shared', 'bot', 'service', 'break_glass'), false) as is_nobody,
        lower(decisions.decision) as decision,
        coalesce(lower(decisions.decision) = 'approved' and lower(approvals.final_decision) = 'approved', false) as is_approved,
        decisions.decided_at,
        decisions.record_key,
        decisions.collection_id,
        decisions.collected_at,
        decisions.payload_sha256
    from decisions
    left join approvals
        on approvals.instance = decisions.instance and approvals.approval_id = decisions.approval_id and approvals.issue_id = decisions.issue_id
    left join accounts
        on accounts.instance = decisions.instance and accounts.account_id = decisions.approver_account_id

),

final as (

    select
        decided.instance,
        decided.issue_id,
        decided.issue_key,
        decided.approval_id,
        decided.approver_account_id,
        decided.approver_person_id,
        decided.is_nobody,
        decided.decision,
        decided.is_approved,
        decided.decided_at,
        case
            when decided.approver_person_id is null or decided.decided_at is null then null
            when
                bool_or(
                    spells.active_from <= decided.decided_at
                    and (spells.active_to is null or spells.active_to > decided.decided_at)
                    and (spells.contested_from is null or spells.contested_from > decided.decided_at)
                )
                then false
            when bool_or(spells.contested_from <= decided.decided_at) then null
            else true
        end as is_inactive,
        decided.record_key,
        decided.collection_id,
        decided.collected_at,
        decided.payload_sha256
    from decided
    left join spells
        on spells.person_id = decided.approver_person_id
    group by
        decided.instance,
        decided.issue_id,
        decided.issue_key,
        decided.approval_id,
        decided.approver_account_id,
        decided.approver_person_id,
        decided.is_nobody,
        decided.decision,
        decided.is_approved,
        decided.decided_at,
        decided.record_key,
        decided.collection_id,
        decided.collected_at,
        decided.payload_sha256

)

select * from final
