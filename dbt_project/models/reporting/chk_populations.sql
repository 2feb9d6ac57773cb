-- Per control: keys, period, and the frame that it shares with another control.
with controls as (

    select * from {{ ref('controls') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

items as (

    select
        items.control_id,
        items.item_key,
        items.occurred_at,
        controls.frame_id
    from {{ ref('int_population_items') }} as items
    inner join controls on controls.control_id = items.control_id

),

counts as (

    select
        items.control_id,
        count(*) as items,
        count(distinct items.item_key) as distinct_keys,
        count(*) filter (where items.item_key is null) as null_keys,
        count(*) filter (
            where items.occurred_at is null or items.occurred_at < engagement.period_start_at or items.occurred_at >= engagement.period_end_at
        ) as outside_period
    from items
    cross join engagement
    group by items.control_id

),

frame_counts as (

    select
        controls.control_id,
        count(frames.item_key) as frame_items
    from controls
    left join items as frames on frames.control_id = controls.frame_id
    group by controls.control_id

),

outside_frame as (

    select
        items.control_id,
        count(*) as differences
    from items
    left join items as frames on frames.control_id = items.frame_id and frames.item_key = items.item_key
    where frames.item_key is null
    group by items.control_id

),

not_tested as (

    select
        controls.control_id,
        count(*) as differences
    from controls
    inner join items as frames on frames.control_id = controls.frame_id
    left join items on items.control_id = controls.control_id and items.item_key = frames.item_key
    where items.item_key is null
    group by controls.control_id

),

final as (

    select
        controls.control_id,
        controls.population_id,
        coalesce(counts.items, 0) as items,
        coalesce(counts.distinct_keys, 0) as distinct_keys,
        coalesce(counts.null_keys, 0) as null_keys,
        coalesce(counts.outside_period, 0) as outside_period,
        frame_counts.frame_items,
        coalesce(outside_frame.differences, 0) + coalesce(not_tested.differences, 0) as frame_difference
    from controls
    inner join frame_counts on frame_counts.control_id = controls.control_id
    left join counts on counts.control_id = controls.control_id
    left join outside_frame on outside_frame.control_id = controls.control_id
    left join not_tested on not_tested.control_id = controls.control_id

)

select * from final
