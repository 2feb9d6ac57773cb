-- By whom an account was accounted for, and when: identity (a worker, until removal after the end of employment was due, or a
-- registration), owner, sponsor, idp. A cover that rests on an ambiguous identity or a contradictory record is not certain, nor is one
-- of which nothing was collected any more.
with items as (

    select * from {{ ref('int_account_items') }}

),

spells as (

    select * from {{ ref('int_employment_spells') }}

),

terminations as (

    select * from {{ ref('int_terminations') }}

),

registrations as (

    select * from {{ ref('int_account_registrations') }}

),

stretches as (

    select * from {{ ref('int_account_people') }}

),

contracts as (

    select
        *,
        lead(contract_start) over (partition by contractor_id order by contract_start) as next_start,
        lag(contract_start) over (partition by contractor_id order by contract_start) as previous_start
    from {{ ref('stg_registers__contractors') }}
    where gone_at is null

),

links as (

    select * from {{ ref('int_account_idp_links') }}

),

idp_stretches as (

    select stretches.*
    from stretches
    inner join {{ ref('int_accounts') }} as accounts
        on accounts.account_key = stretches.account_key
    where accounts.system = 'okta'

),

usability as (

    select * from {{ ref('int_account_usability') }}

),

dated_spells as (

    select
        spells.person_id,
        spells.spell_key,
        spells.active_from,
        coalesce(spells.active_to, spells.contested_from, spells.observed_until) as active_to,
        coalesce(terminations.due_at, spells.active_to, spells.contested_from, spells.observed_until) as attributed_to,
        coalesce(spells.contested_from, case when spells.active_to is null then spells.observed_until end) as uncertain_from,
        case
            when row_number() over (partition by spells.person_id order by spells.active_from) = 1
                then {{ threshold('LA-01', 'preboarding_days', 'spells.hired_on') }}
            else 0
        end as preboarding_days
    from spells
    left join terminations
        on terminations.item_key = spells.spell_key

),

employment as (

    select
        person_id,
        spell_key,
        active_from,
        active_to,
        attributed_to,
        {{ add_seconds('active_from', '-86400 * preboarding_days') }} as attributed_from,
        true as is_certain
    from dated_spells
    union all
    select
        person_id,
        spell_key,
        uncertain_from,
        {{ null_instant() }},
        {{ null_instant() }},
        uncertain_from,
        false
    from dated_spells
    where uncertain_from is not null

),

-- The first spell reaches back: an account made ready shortly before the first day belongs to the worker all the same.
workers as (

    select
        items.item_key,
        'identity' as cover,
        employment.spell_key as basis,
        greatest(employment.attributed_from, stretches.valid_from) as covered_from,
        least(employment.attributed_to, stretches.valid_to) as covered_to,
        employment.is_certain
    from items
    inner join stretches
        on stretches.account_key = items.account_key
    inner join employment
        on employment.person_id = stretches.person_id

),

candidates as (

    select
        items.item_key,
        'identity' as cover,
        'more than one person' as basis,
        greatest(items.occurred_at, stretches.valid_from) as covered_from,
        stretches.valid_to as covered_to,
        false as is_certain
    from items
    inner join stretches
        on stretches.account_key = items.account_key
    where stretches.resolution = 'ambiguous'

),

registered as (

    select
        items.item_key,
        'identity' as cover,
        concat('service_accounts ', registrations.record_key) as basis,
        registrations.registered_from as covered_from,
        registrations.registered_to as covered_to,
        registrations.is_certain
    from items
    inner join registrations
        on registrations.account_key = items.account_key

),

owners as (

    select
        items.item_key,
        'owner' as cover,
        registrations.owner_person_id as basis,
        greatest(registrations.registered_from, employment.active_from) as covered_from,
        least(registrations.registered_to, employment.active_to) as covered_to,
        employment.is_certain and registrations.is_certain as is_certain
    from items
    inner join registrations
        on registrations.account_key = items.account_key
    inner join employment
        on employment.person_id = registrations.owner_person_id
    where items.is_non_human

),

sponsors as (

    select
        items.item_key,
        'sponsor' as cover,
        contracts.sponsor_worker_id as basis,
        greatest(
            employment.active_from,
            case when contracts.previous_start is null then items.occurred_at else {{ start_of_day('contracts.contract_start', "coalesce(contracts.zone, 'UTC')") }} end
        ) as covered_from,
        least(employment.active_to, {{ start_of_day('contracts.next_start', "coalesce(contracts.zone, 'UTC')") }}) as covered_to,
        employment.is_certain
    from items
    inner join contracts
        on concat('registers:contractor/', contracts.contractor_id) = items.person_id
    inner join employment
        on employment.person_id = contracts.sponsor_worker_id

),

guest_sponsors as (

    select
        items.item_key,
        'sponsor' as cover,
        items.owner_person_id as basis,
        employment.active_from as covered_from,
        employment.active_to as covered_to,
        employment.is_certain
    from items
    inner join employment
        on employment.person_id = items.owner_person_id
    where items.account_kind = 'guest' and (items.person_id is null or items.person_id not like 'registers:contractor/%')

),

idp_keys as (

    select
        items.item_key,
        idp_stretches.account_key,
        greatest(stretches.valid_from, idp_stretches.valid_from) as valid_from,
        least(stretches.valid_to, idp_stretches.valid_to) as valid_to
    from items
    inner join stretches
        on stretches.account_key = items.account_key
    inner join idp_stretches
        on idp_stretches.person_id = stretches.person_id
    union
    select
        items.item_key,
        links.idp_account_key,
        {{ null_instant() }},
        {{ null_instant() }}
    from items
    inner join links
        on links.account_key = items.account_key

),

identity_provider as (

    select
        idp_keys.item_key,
        'idp' as cover,
        usability.account_key as basis,
        greatest(usability.active_from, idp_keys.valid_from) as covered_from,
        least(coalesce(usability.disabled_at, usability.observed_until), idp_keys.valid_to) as covered_to,
        true as is_certain
    from idp_keys
    inner join usability
        on usability.account_key = idp_keys.account_key
    union all
    select
        idp_keys.item_key,
        'idp',
        usability.account_key,
        greatest(usability.observed_until, idp_keys.valid_from),
        idp_keys.valid_to,
        false
    from idp_keys
    inner join usability
        on usability.account_key = idp_keys.account_key
    where usability.disabled_at is null and usability.observed_until is not null

),

-- Between the end of employment and the instant by which removal was due the two need not end together.
leaving as (

    select
        items.item_key,
        'idp' as cover,
        concat('removal due, ', terminations.item_key) as basis,
        {{ start_of_day('terminations.terminated_on', 'terminations.zone') }} as covered_from,
        terminations.due_at as covered_to,
        true as is_certain
    from items
    inner join stretches
        on stretches.account_key = items.account_key
    inner join terminations
        on terminations.person_id = stretches.person_id
    inner join idp_keys
        on idp_keys.item_key = items.item_key
    where terminations.due_at is not null

),

covers as (

    select * from workers
    union all
    select * from candidates
    union all
    select * from registered
    union all
    select * from owners
    union all
    select * from sponsors
    union all
    select * from guest_sponsors
    union all
    select * from identity_provider
    union all
    select * from leaving

),

final as (

    select distinct
        covers.item_key,
        covers.cover,
        covers.basis,
        greatest(covers.covered_from, items.occurred_at) as covered_from,
        least(covers.covered_to, items.evaluated_to) as covered_to,
        covers.is_certain
    from covers
    inner join items
        on items.item_key = covers.item_key
    where
        covers.covered_from < items.evaluated_to
        and (covers.covered_to is null or (covers.covered_to > items.occurred_at and covers.covered_to > covers.covered_from))

)

select * from final
