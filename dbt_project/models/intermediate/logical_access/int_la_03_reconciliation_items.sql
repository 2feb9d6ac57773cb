-- Both sides of every reconciliation of LA-03, item by item.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

snapshots as (

    select * from {{ ref('int_entitlement_snapshots') }}
    where source = 'okta' and previous_at is not null

),

events as (

    select * from {{ ref('int_entitlement_events') }}

),

holdings as (

    select * from {{ ref('int_account_entitlements') }}
    where system = 'okta'
    union all
    select * from {{ ref('int_account_presences') }}
    where system = 'okta'

),

listed as (

    select
        instance,
        account_key,
        kind,
        external_id,
        first_seen_at,
        previous_at
    from {{ ref('int_permission_changes') }}
    union all
    select
        instance,
        account_key,
        kind,
        external_id,
        first_seen_at,
        previous_at
    from {{ ref('int_account_appearances') }}

),

changes as (

    select listed.*
    from listed
    cross join engagement
    inner join {{ ref('int_access_systems') }} as systems
        on systems.instance = listed.instance
    where listed.previous_at < engagement.period_end_at and listed.first_seen_at >= engagement.period_start_at

),

grants as (

    select * from {{ ref('int_access_grants') }}

),

spells as (

    select
        *,
        lag(active_to) over (partition by person_id order by active_from nulls last) as previous_active_to
    from {{ ref('int_employment_spells') }}

),

no_access_hires as (

    select * from {{ ref('stg_registers__no_access_hires') }}
    where gone_at is null and approved_by is not null

),

requests as (

    select * from {{ ref('int_access_requests') }}

),

requested as (

    select * from {{ ref('stg_jira__issue_entitlements') }}

),

approvals as (

    select * from {{ ref('int_grant_approvers') }}
    where is_approved

),

all_holdings as (

    select
        accounts.person_id,
        entitlements.system,
        entitlements.instance,
        entitlements.kind,
        entitlements.external_id,
        entitlements.last_seen_at
    from {{ ref('int_account_entitlements') }} as entitlements
    inner join {{ ref('int_accounts') }} as accounts
        on accounts.account_key = entitlements.account_key

),

usable as (

    select
        accounts.person_id,
        usability.active_from,
        usability.disabled_at
    from {{ ref('int_account_usability') }} as usability
    inner join {{ ref('int_accounts') }} as accounts
        on accounts.account_key = usability.account_key

),

-- Requests on which something else was given: the population shows that grant as exceeding its approval.
answered_otherwise as (

    select distinct
        instance,
        issue_id
    from {{ ref('int_grant_approvals') }}
    where is_approved and not is_covering

),

-- What a snapshot shows and the one before did not.
appeared as (

    select
        holdings.account_key,
        holdings.kind,
        holdings.external_id,
        snapshots.collected_at
    from holdings
    inner join snapshots
        on snapshots.instance = holdings.instance and snapshots.kind = holdings.kind and snapshots.collected_at = holdings.valid_from
    left join holdings as before
        on
            before.account_key = holdings.account_key
            and before.kind = holdings.kind
            and before.external_id = holdings.external_id
            and before.valid_from <= snapshots.previous_at
            and before.last_seen_at >= snapshots.previous_at
    where before.account_key is null

),

-- Taken and given at one instant is given.
movements as (

    select
        events.account_key,
        events.kind,
        events.external_id,
        events.direction,
        snapshots.collected_at,
        snapshots.previous_at,
        row_number() over (
            partition by events.account_key, events.kind, events.external_id, snapshots.collected_at, snapshots.previous_at
            order by events.occurred_at nulls last, case events.direction when 'taken' then 0 else 1 end nulls last
        ) as position
    from events
    inner join snapshots
        on
            snapshots.instance = events.instance
            and snapshots.kind = events.kind
            and events.occurred_at > snapshots.previous_at
            and events.occurred_at <= snapshots.collected_at

),

-- What the log gave between two snapshots and did not take back before the second; given to somebody who had it already is no change.
moved as (

    select
        account_key,
        kind,
        external_id,
        collected_at,
        previous_at,
        {{ max_by('direction', 'position') }} as last_direction
    from movements
    group by account_key, kind, external_id, collected_at, previous_at

),

given as (

    select
        moved.account_key,
        moved.kind,
        moved.external_id,
        moved.collected_at
    from moved
    left join holdings
        on
            holdings.account_key = moved.account_key
            and holdings.kind = moved.kind
            and holdings.external_id = moved.external_id
            and holdings.valid_from <= moved.previous_at
            and holdings.last_seen_at >= moved.previous_at
    left join events as account_events
        on
            account_events.account_key = case when moved.kind <> 'account' then moved.account_key end
            and account_events.kind = 'account'
            and account_events.direction = 'taken'
            and account_events.occurred_at > moved.previous_at
            and account_events.occurred_at <= moved.collected_at
    where moved.last_direction = 'given' and holdings.account_key is null and account_events.account_key is null

),

logged_change as (

    select
        'grants_to_net_change' as reconciliation,
        concat_ws(
            '',
            coalesce(appeared.account_key, given.account_key), '/', coalesce(appeared.kind, given.kind), '/',
            coalesce(appeared.external_id, given.external_id), '/', {{ instant_to_text('coalesce(appeared.collected_at, given.collected_at)') }}
        ) as item_key,
        appeared.account_key is not null as is_left,
        given.account_key is not null as is_right
    from appeared
    full outer join given
        on
            given.account_key = appeared.account_key
            and given.kind = appeared.kind
            and given.external_id = appeared.external_id
            and given.collected_at = appeared.collected_at

),

-- Systems without a log: what their lists show against the population itself.
listed_change as (

    select
        'grants_to_net_change' as reconciliation,
        concat_ws(
            '',
            coalesce(changes.account_key, grants.account_key), '/', coalesce(changes.kind, grants.kind), '/',
            coalesce(changes.external_id, grants.external_id), '/', {{ instant_to_text('coalesce(changes.first_seen_at, grants.granted_by_at)') }}
        ) as item_key,
        changes.account_key is not null as is_left,
        grants.item_key is not null as is_right
    from changes
    full outer join (
        select * from grants
        where time_evidence = 'snapshot'
    ) as grants
        on
            grants.account_key = changes.account_key
            and grants.kind = changes.kind
            and grants.external_id = changes.external_id
            and grants.granted_by_at = changes.first_seen_at

),

-- A grant of an earlier or of a later employment is none of this one.
hires as (

    select
        'hires_to_grants' as reconciliation,
        spells.spell_key as item_key,
        true as is_left,
        count(grants.item_key) > 0 or count(no_access_hires.person_id) > 0 or count(usable.person_id) > 0 as is_right
    from spells
    cross join engagement
    left join grants
        on
            grants.person_id = spells.person_id
            and grants.granted_by_at > {{ or_since_ever('spells.previous_active_to') }}
            and grants.granted_from < {{ or_for_ever('spells.active_to') }}
    left join no_access_hires
        on no_access_hires.person_id = spells.person_id
    left join usable
        on
            usable.person_id = spells.person_id
            and usable.active_from < spells.active_from
            and {{ or_for_ever('usable.disabled_at') }} > spells.active_from
    where
        spells.active_from >= engagement.period_start_at
        and spells.active_from < engagement.period_end_at
        and (spells.previous_active_to is null or spells.previous_active_to < spells.active_from)
    group by spells.spell_key

),

asked as (

    select
        requests.instance,
        requests.issue_id,
        requests.issue_key,
        requests.beneficiary_person_id,
        min(approvals.decided_at) as approved_at
    from requests
    inner join approvals
        on approvals.instance = requests.instance and approvals.issue_id = requests.issue_id
    group by requests.instance, requests.issue_id, requests.issue_key, requests.beneficiary_person_id

),

held as (

    select
        asked.instance,
        asked.issue_id,
        requested.system,
        requested.system_instance,
        requested.kind,
        requested.external_id
    from asked
    inner join requested
        on requested.instance = asked.instance and requested.issue_id = asked.issue_id
    inner join all_holdings
        on
            all_holdings.person_id = asked.beneficiary_person_id
            and all_holdings.system = requested.system
            and (requested.system_instance is null or requested.system_instance = all_holdings.instance)
            and all_holdings.kind = requested.kind
            and all_holdings.external_id = requested.external_id
            and all_holdings.last_seen_at >= asked.approved_at
    union
    select
        asked.instance,
        asked.issue_id,
        requested.system,
        requested.system_instance,
        requested.kind,
        requested.external_id
    from asked
    inner join requested
        on requested.instance = asked.instance and requested.issue_id = asked.issue_id
    inner join grants
        on
            grants.person_id = asked.beneficiary_person_id
            and grants.system = requested.system
            and (requested.system_instance is null or requested.system_instance = grants.instance)
            and grants.kind = requested.kind
            and grants.external_id = requested.external_id

),

-- What a request names in words that no system understands can be matched with nothing.
fulfilled as (

    select
        'approved_requests_to_access' as reconciliation,
        concat_ws(
            '',
            asked.issue_key, '/',
            coalesce(
                concat_ws('/', requested.system, requested.system_instance) || '/' || requested.kind || '/' || requested.external_id,
                requested.entitlement
            )
        ) as item_key,
        true as is_left,
        requested.external_id is not null
        and (count(held.issue_id) > 0 or count(answered_otherwise.issue_id) > 0) as is_right
    from asked
    cross join engagement
    inner join requested
        on requested.instance = asked.instance and requested.issue_id = asked.issue_id
    left join held
        on
            held.instance = asked.instance
            and held.issue_id = asked.issue_id
            and held.system = requested.system
            and held.system_instance is not distinct from requested.system_instance
            and held.kind = requested.kind
            and held.external_id = requested.external_id
    left join answered_otherwise
        on answered_otherwise.instance = asked.instance and answered_otherwise.issue_id = asked.issue_id
    where
        asked.approved_at >= engagement.period_start_at
        and asked.approved_at < engagement.period_end_at
        and requested.kind is distinct from 'account'
    group by asked.issue_key, requested.entitlement, requested.system, requested.system_instance, requested.kind, requested.external_id

),

final as (

    select * from logged_change
    union all
    select * from listed_change
    union all
    select * from hires
    union all
    select * from fulfilled

)

select * from final
