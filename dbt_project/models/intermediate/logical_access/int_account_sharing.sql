-- Per item of LA-01: the most people mapped to the account at one time, and whether its login names a function and no person.
with items as (

    select * from {{ ref('int_account_items') }}

),

mappings as (

    select
        mapping.system,
        mapping.system_instance,
        mapping.account_id,
        mapping.person_id,
        {{ start_of_day('mapping.valid_from', 'engagement.zone') }} as valid_from,
        {{ end_of_day('mapping.valid_to', 'engagement.zone') }} as valid_to
    from {{ ref('stg_registers__person_accounts') }} as mapping
    cross join {{ ref('int_engagement') }} as engagement
    where mapping.gone_at is null

),

generic_names as (

    select * from {{ ref('int_generic_account_names') }}

),

linked as (

    select
        items.item_key,
        mine.person_id,
        count(distinct others.person_id) as people
    from items
    inner join mappings as mine
        on
            mine.system = items.system
            and mine.system_instance = items.instance
            and mine.account_id = items.account_id
            and mine.valid_from < items.evaluated_to
            and (mine.valid_to is null or mine.valid_to > items.occurred_at)
    inner join mappings as others
        on
            others.system = mine.system
            and others.system_instance = mine.system_instance
            and others.account_id = mine.account_id
            and others.valid_from < items.evaluated_to
            and (others.valid_to is null or others.valid_to > items.occurred_at)
            and others.valid_from <= mine.valid_from
            and (others.valid_to is null or others.valid_to > mine.valid_from)
    group by items.item_key, mine.person_id

),

final as (

    select
        items.item_key,
        coalesce(max(linked.people), 0) as people_linked,
        count(generic_names.name) > 0 as is_generic_name
    from items
    left join linked
        on linked.item_key = items.item_key
    left join generic_names
        on generic_names.name = lower({{ text_match('items.login', '^([^@+]+)') }})
    group by items.item_key

)

select * from final
