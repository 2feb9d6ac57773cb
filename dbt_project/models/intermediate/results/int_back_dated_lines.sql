-- A line that a register did not hold at one collection and holds at the next, dated before the first of the two and more than a
-- day before it was first collected. Lines of a register's first collection have nothing to be compared with.
with dates as (

    select * from {{ ref('int_register_dates') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

collections as (

    select
        instance,
        resource,
        collection_id,
        collected_at,
        lag(collection_id) over (partition by instance, resource order by collected_at, n) as previous_collection_id,
        lag(collected_at) over (partition by instance, resource order by collected_at, n) as previous_collected_at
    from {{ ref('stg_ledger__collections') }}
    where source = 'registers' and kind = 'committed'

),

final as (

    select
        dates.instance,
        'registers' as source,
        dates.table_name,
        dates.record_key,
        'back_dated' as kind,
        dates.field,
        cast(null as string) as before,
        dates.value as after,
        collections.previous_collection_id as before_collection_id,
        collections.collection_id as after_collection_id,
        collections.collected_at as after_collected_at,
        cast(null as string) as before_sha256,
        dates.payload_sha256 as after_sha256
    from dates
    cross join engagement
    inner join collections
        on
            collections.instance = dates.instance
            and collections.resource = dates.table_name
            and collections.collected_at = dates.first_collected_at
    where
        dates.dated_on < {{ local_date('collections.previous_collected_at', 'engagement.zone') }}
        and {{ end_of_day(add_days('dates.dated_on', 1), 'engagement.zone') }} <= dates.first_collected_at

)

select * from final
