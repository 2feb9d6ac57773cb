-- Per grant, what its decisions add up to. A decision is valid when it is somebody else's, an active worker's and an authorised one's. Where
-- a valid decision exists only the valid ones count; else all that name the access do, each with what is wrong with it.
with approvals as (

    select * from {{ ref('int_grant_approvals') }}
    where is_approved

),

flagged as (

    select
        *,
        is_self = false and is_inactive = false and is_unauthorised = false as is_valid,
        max(case when is_self = false and is_inactive = false and is_unauthorised = false then 1 else 0 end) over (partition by item_key) = 1 as has_valid
    from approvals
    where is_covering

),

-- The approvers of one approval all decided when it was completed: a known one stands first.
preferred as (

    select
        *,
        row_number() over (
            partition by item_key
            order by
                decided_at nulls last,
                issue_key nulls last,
                instance nulls last,
                approval_id nulls last,
                approver_person_id nulls last,
                approver_account_id nulls last,
                payload_sha256 nulls last
        ) as position
    from flagged
    where is_valid or not has_valid

),

-- A temporary access has to end with its approvals: one decided after the expiry of all before it comes too late to prolong it.
prolonged as (

    select
        item_key,
        decided_at,
        expires_at,
        is_late,
        position,
        max(coalesce(expires_at, {{ text_to_instant("'9999-12-31T00:00:00Z'") }})) over before as prolongable_until
    from preferred
    window before as (partition by item_key order by position nulls last rows between unbounded preceding and 1 preceding)

),

unbroken as (

    select
        *,
        max(case when is_late and decided_at > prolongable_until then 1 else 0 end) over (
            partition by item_key order by position nulls last rows between unbounded preceding and current row
        ) = 0 as is_unbroken
    from prolonged

),

expiries as (

    select
        item_key,
        case when count(expires_at) = count(*) then max(expires_at) end as expires_at
    from unbroken
    where is_unbroken
    group by item_key

),

items as (

    select distinct item_key
    from approvals
    where is_covering is distinct from false or is_late is distinct from true

),

possible as (

    select
        item_key,
        count(*) as possible_approvals
    from approvals
    where is_covering is null
    group by item_key

),

related as (

    select
        item_key,
        count(*) as related_approvals
    from approvals
    where not is_covering and is_late is distinct from true
    group by item_key

),

covered as (

    select
        item_key,
        count(*) as covering_approvals,
        bool_or(has_valid) as has_valid,
        count(case when is_self then 1 end) as self_decisions,
        count(case when is_self is null then 1 end) as self_unknown,
        count(case when is_unauthorised then 1 end) as unauthorised_decisions,
        count(case when is_unauthorised is null then 1 end) as unauthorised_unknown,
        count(case when is_inactive then 1 end) as inactive_decisions,
        count(case when is_inactive is null then 1 end) as inactive_unknown
    from flagged
    group by item_key

),

timed as (

    select
        item_key,
        count(case when is_late = false then 1 end) as decisions_in_time,
        count(case when is_late is null then 1 end) as decisions_time_unknown,
        count(case when is_late is distinct from true and is_stale = false then 1 end) as decisions_fresh,
        count(case when is_late is distinct from true and is_stale is null then 1 end) as decisions_age_unknown,
        count(case when is_late is distinct from true and is_stale then 1 end) as decisions_stale,
        count(case when is_implementer = false then 1 end) as decisions_by_others,
        count(case when is_implementer is null then 1 end) as decisions_implementer_unknown,
        min(decided_at) as first_decided_at,
        {{ min_by('issue_key', 'position') }} as issue_key,
        {{ min_by('url', 'position') }} as url,
        {{ min_by('approver_person_id', 'position') }} as approver_person_id,
        {{ min_by('authority', 'position') }} as approver_authority
    from preferred
    group by item_key

),

final as (

    select
        items.item_key,
        coalesce(covered.covering_approvals, 0) as covering_approvals,
        coalesce(possible.possible_approvals, 0) as possible_approvals,
        coalesce(related.related_approvals, 0) as related_approvals,
        coalesce(covered.has_valid, false) as has_valid,
        coalesce(covered.self_decisions, 0) as self_decisions,
        coalesce(covered.self_unknown, 0) as self_unknown,
        coalesce(covered.unauthorised_decisions, 0) as unauthorised_decisions,
        coalesce(covered.unauthorised_unknown, 0) as unauthorised_unknown,
        coalesce(covered.inactive_decisions, 0) as inactive_decisions,
        coalesce(covered.inactive_unknown, 0) as inactive_unknown,
        coalesce(timed.decisions_in_time, 0) as decisions_in_time,
        coalesce(timed.decisions_time_unknown, 0) as decisions_time_unknown,
        coalesce(timed.decisions_fresh, 0) as decisions_fresh,
        coalesce(timed.decisions_age_unknown, 0) as decisions_age_unknown,
        coalesce(timed.decisions_stale, 0) as decisions_stale,
        coalesce(timed.decisions_by_others, 0) as decisions_by_others,
        coalesce(timed.decisions_implementer_unknown, 0) as decisions_implementer_unknown,
        timed.first_decided_at,
        timed.issue_key,
        timed.url,
        timed.approver_person_id,
        timed.approver_authority,
        expiries.expires_at
    from items
    left join covered
        on covered.item_key = items.item_key
    left join related
        on related.item_key = items.item_key
    left join possible
        on possible.item_key = items.item_key
    left join timed
        on timed.item_key = items.item_key
    left join expiries
        on expiries.item_key = items.item_key

)

select * from final
