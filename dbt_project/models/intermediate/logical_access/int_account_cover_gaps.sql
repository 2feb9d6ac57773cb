-- The first instant of an item at which it was not accounted for, by any cover and by a certain one; null where it always was.
-- After the accounts were last listed nobody knows whether this one still existed: a gap that begins there is not certain.
with items as (

    select * from {{ ref('int_account_items') }}

),

covers as (

    select * from {{ ref('int_account_covers') }}

),

-- Uncertain covers count in the one reckoning and not in the other; an empty interval at the end closes the row of covers.
reckonings as (

    select
        item_key,
        cover,
        covered_from,
        covered_to,
        'any' as reckoning
    from covers
    union all
    select
        item_key,
        cover,
        covered_from,
        covered_to,
        'certain' as reckoning
    from covers
    where is_certain
    union all
    select
        items.item_key,
        kinds.cover,
        items.evaluated_to as covered_from,
        items.evaluated_to as covered_to,
        kinds.reckoning
    from items
    cross join (
        select 'identity' as cover, 'any' as reckoning
        union all
        select 'identity', 'certain'
        union all
        select 'owner', 'any'
        union all
        select 'owner', 'certain'
        union all
        select 'sponsor', 'any'
        union all
        select 'sponsor', 'certain'
        union all
        select 'idp', 'any'
        union all
        select 'idp', 'certain'
    ) as kinds

),

reached as (

    select
        reckonings.item_key,
        reckonings.cover,
        reckonings.reckoning,
        reckonings.covered_from,
        coalesce(
            max(reckonings.covered_to) over (
                partition by reckonings.item_key, reckonings.cover, reckonings.reckoning
                order by reckonings.covered_from, reckonings.covered_to
                rows between unbounded preceding and 1 preceding
            ),
            items.occurred_at
        ) as covered_until,
        items.observed_until
    from reckonings
    inner join items
        on items.item_key = reckonings.item_key

),

final as (

    select
        item_key,
        cover,
        min(case when reckoning = 'any' and covered_from > covered_until and covered_until < observed_until then covered_until end) as uncovered_from,
        min(case when reckoning = 'certain' and covered_from > covered_until then covered_until end) as uncertain_from
    from reached
    group by item_key, cover

)

select * from final
