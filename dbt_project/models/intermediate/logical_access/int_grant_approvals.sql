-- Every decision considered for a grant: on a request of the same person that names the access (is_covering null: on an instance that nobody can
-- tell), or that was being fulfilled on the same system when the grant was made.
with grants as (

    select * from {{ ref('int_access_grants') }}
    where mechanism not in ('group rule', 'provisioning')

),

entitlements as (

    select * from {{ ref('int_grant_entitlements') }}

),

requests as (

    select * from {{ ref('int_access_requests') }}

),

requested as (

    select * from {{ ref('stg_jira__issue_entitlements') }}

),

decisions as (

    select * from {{ ref('int_grant_approvers') }}

),

authorities as (

    select * from {{ ref('int_grant_authorities') }}

),

thresholds as (

    select
        grants.item_key,
        {{ threshold('LA-03', 'late_tolerance_minutes', 'grants.occurred_on') }} as late_tolerance_minutes,
        {{ threshold('LA-03', 'stale_days', 'grants.occurred_on') }} as stale_days
    from grants

),

events as (

    select * from {{ ref('int_entitlement_events') }}
    where direction = 'given'

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

instances as (

    select
        source,
        count(*) as instances
    from {{ ref('int_source_instances') }}
    group by source

),

-- A request that names no instance says which one only where there is one, or where the id exists once in all of them.
named as (

    select
        grants.item_key,
        requests.instance,
        requests.issue_id,
        case
            when
                bool_or(
                    requested.system_instance is not null
                    or coalesce(instances.instances, 1) = 1
                    or requested.kind not in ('account', 'role', 'organization_role')
                )
                then true
        end as is_covering
    from grants
    inner join entitlements
        on entitlements.item_key = grants.item_key
    inner join requests
        on requests.beneficiary_person_id = grants.person_id
    inner join requested
        on
            requested.instance = requests.instance
            and requested.issue_id = requests.issue_id
            and requested.system = entitlements.system
            and requested.kind = entitlements.kind
            and requested.external_id = entitlements.external_id
            and (requested.system_instance is null or requested.system_instance = grants.instance)
    left join instances
        on instances.source = requested.system
    group by grants.item_key, requests.instance, requests.issue_id

),

-- The first grant after it was filed uses a request up; once it is closed, the next grant of the same access needs its own.
used as (

    select
        named.item_key,
        named.instance,
        named.issue_id,
        row_number() over (
            partition by named.instance, named.issue_id, grants.system, grants.instance, grants.kind, grants.external_id
            order by grants.granted_by_at, grants.item_key
        ) as use_no
    from named
    inner join grants
        on grants.item_key = named.item_key
    inner join requests
        on requests.instance = named.instance and requests.issue_id = named.issue_id and requests.created_at <= grants.granted_by_at

),

-- The log reaches back before the period: a request may have been used up then.
used_before as (

    select distinct
        named.item_key,
        named.instance,
        named.issue_id
    from named
    cross join engagement
    inner join grants
        on grants.item_key = named.item_key
    inner join requests
        on requests.instance = named.instance and requests.issue_id = named.issue_id
    inner join events
        on
            events.account_key = grants.account_key
            and events.kind = grants.kind
            and events.external_id = grants.external_id
            and events.occurred_at >= requests.created_at
            and events.occurred_at < engagement.period_start_at

),

covering as (

    select
        named.item_key,
        named.instance,
        named.issue_id,
        named.is_covering
    from named
    inner join grants
        on grants.item_key = named.item_key
    inner join requests
        on requests.instance = named.instance and requests.issue_id = named.issue_id
    left join used
        on used.item_key = named.item_key and used.instance = named.instance and used.issue_id = named.issue_id
    left join used_before
        on used_before.item_key = named.item_key and used_before.instance = named.instance and used_before.issue_id = named.issue_id
    where
        (coalesce(used.use_no, 1) = 1 and used_before.item_key is null)
        or requests.resolved_at is null
        or {{ add_seconds('requests.resolved_at', 86400) }} > grants.granted_from

),

-- The request was open at the grant, or had been closed for less than a day.
same_system as (

    select distinct
        grants.item_key,
        requests.instance,
        requests.issue_id
    from grants
    inner join requests
        on
            requests.beneficiary_person_id = grants.person_id
            and requests.created_at <= grants.granted_by_at
            and (requests.resolved_at is null or {{ add_seconds('requests.resolved_at', 86400) }} > grants.granted_from)
    inner join requested
        on requested.instance = requests.instance and requested.issue_id = requests.issue_id and requested.system = grants.system

),

considered as (

    select
        coalesce(covering.item_key, same_system.item_key) as item_key,
        coalesce(covering.instance, same_system.instance) as instance,
        coalesce(covering.issue_id, same_system.issue_id) as issue_id,
        case when covering.item_key is null then false else covering.is_covering end as is_covering
    from covering
    full outer join same_system
        on
            same_system.item_key = covering.item_key
            and same_system.instance = covering.instance
            and same_system.issue_id = covering.issue_id

),

judged as (

    select
        considered.item_key,
        considered.is_covering,
        grants.person_id,
        grants.actor_person_id,
        grants.granted_from,
        grants.granted_by_at,
        requests.url,
        requests.expires_at,
        decisions.*,
        thresholds.late_tolerance_minutes,
        thresholds.stale_days
    from considered
    inner join thresholds
        on thresholds.item_key = considered.item_key
    inner join grants
        on grants.item_key = considered.item_key
    inner join requests
        on requests.instance = considered.instance and requests.issue_id = considered.issue_id
    inner join decisions
        on decisions.instance = considered.instance and decisions.issue_id = considered.issue_id

),

powers as (

    select
        judged.item_key,
        judged.instance,
        judged.approval_id,
        judged.approver_account_id,
        max(
            case
                when
                    authorities.person_id = judged.approver_person_id
                    and (authorities.known_from is null or authorities.known_from <= judged.decided_at)
                    then authorities.authority
            end
        ) as authority,
        count(
            case
                when authorities.person_id is null and authorities.authority = 'manager' then 1
                when authorities.person_id = judged.approver_person_id then 1
            end
        ) > 0 as is_power_unknown
    from judged
    inner join authorities
        on
            authorities.item_key = judged.item_key
            and (authorities.valid_from is null or authorities.valid_from <= judged.decided_at)
            and (authorities.valid_to is null or authorities.valid_to > judged.decided_at)
    group by judged.item_key, judged.instance, judged.approval_id, judged.approver_account_id

),

final as (

    select
        judged.item_key,
        judged.instance,
        judged.issue_id,
        judged.issue_key,
        judged.approval_id,
        judged.url,
        judged.is_covering,
        judged.decision,
        judged.is_approved,
        judged.decided_at,
        judged.expires_at,
        judged.approver_account_id,
        judged.approver_person_id,
        powers.authority,
        case
            when judged.is_nobody then false
            else judged.approver_person_id = judged.person_id
        end as is_self,
        case
            when judged.is_nobody then false
            else judged.is_inactive
        end as is_inactive,
        case
            when judged.is_nobody then true
            when judged.approver_person_id is null then null
            when powers.authority is not null then false
            when powers.is_power_unknown then null
            else true
        end as is_unauthorised,
        case
            when judged.decided_at > {{ add_seconds('judged.granted_by_at', '60 * judged.late_tolerance_minutes') }} then true
            when judged.decided_at <= {{ add_seconds('judged.granted_from', '60 * judged.late_tolerance_minutes') }} then false
        end as is_late,
        case
            when judged.decided_at < {{ add_seconds('judged.granted_from', '-86400 * judged.stale_days') }} then true
            when judged.decided_at >= {{ add_seconds('judged.granted_by_at', '-86400 * judged.stale_days') }} then false
        end as is_stale,
        judged.approver_person_id = judged.actor_person_id as is_implementer,
        judged.record_key,
        judged.collection_id,
        judged.collected_at,
        judged.payload_sha256
    from judged
    left join powers
        on
            powers.item_key = judged.item_key
            and powers.instance = judged.instance
            and powers.approval_id = judged.approval_id
            and powers.approver_account_id = judged.approver_account_id

)

select * from final
