with approvals as (

    select * from {{ ref('int_grant_approvals') }}

),

final as (

    select
        item_key,
        issue_key,
        approval_id,
        url as evidence_url,
        is_covering,
        decision,
        decided_at,
        expires_at,
        approver_account_id,
        approver_person_id,
        authority,
        is_self,
        is_inactive,
        is_unauthorised,
        is_late,
        is_stale,
        case
            when not is_approved then 'not approved'
            when is_covering is null then 'the request does not say on which instance'
            when not is_covering then 'the request does not name this access'
            when is_self then 'approver is the beneficiary'
            when is_inactive then 'approver was not an active worker'
            when is_unauthorised then 'approver was neither manager, owner nor delegate'
            when is_self is null or is_inactive is null or is_unauthorised is null then 'approver cannot be judged'
            when is_late then 'valid, but after the grant'
            when is_late is null then 'valid; whether before the grant the snapshots do not tell'
            when is_stale then 'valid, but old'
            else 'valid'
        end as judgement
    from approvals

)

select * from final
